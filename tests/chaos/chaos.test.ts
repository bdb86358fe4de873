// The short campaign of every check: `npm run chaos` with 60 faults. docs/reports has long ones.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasRedis } from '@trainyard/testkit'
import { expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
/** For what hangs: a machine that is slow, or busy with other tests, takes several times as long as a quiet one; the campaign's report says how long it took. */
const MINUTES_MAX = 20

it.skipIf(!hasRedis)(
  '60 faults: nothing is lost, nothing comes twice, nothing differs',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'trainyard-campaign-'))
    const file = join(directory, 'report.json')
    const args = ['--import', 'tsx', MAIN, '--faults', '60', '--seed', '1', '--gap-ms', '1000', '--json', file]
    const campaign = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let report = ''
    campaign.stdout.on('data', (text: Buffer) => {
      report += text.toString()
    })
    const [code] = await once(campaign, 'close')
    expect(code, report).toBe(0)
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ faults: 60, lost: 0, duplicated: 0, differing: 0 })
    await rm(directory, { recursive: true })
  },
  MINUTES_MAX * 60_000,
)
