// What training leaves behind once it is warm: nothing on the JavaScript heap for a step, no native memory for a session that was closed.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { openOnednn } from '@trainyard/engine/backends'
import { describe, expect, it } from 'vitest'
import { ENGINES, type Engine, type Measure } from './steady-state-child.ts'

/** Bytes for a step. The smallest thing on the heap has 16. */
const HEAP_BYTES_MAX = 8
/** Bytes for a session. One that is not closed leaves some 200,000; the kernel's pages and the allocator's let this vary by a tenth of that. */
const RESIDENT_BYTES_MAX = 100_000

const CHILD = new URL('steady-state-child.ts', import.meta.url).pathname
/** Room for all that is measured, so that nothing is collected in between. */
const ROOM = ['--min-semi-space-size=64', '--max-semi-space-size=64']
const isAvailable = openOnednn().available

const measure = async (kind: Measure, engine: Engine, ...plant: readonly 'planted'[]): Promise<number> => {
  const flags = ['--expose-gc', ...(kind === 'heap' ? ROOM : []), '--import', 'tsx', CHILD, kind, engine, ...plant]
  const { stdout } = await promisify(execFile)(process.execPath, flags, { env: { ...process.env, OMP_NUM_THREADS: '1' } })
  return Number(stdout)
}

describe('a training step', () => {
  it.each(ENGINES.filter((engine) => engine !== 'onednn' || isAvailable))(
    'takes nothing from the JavaScript heap: %s',
    async (engine) => expect(await measure('heap', engine)).toBeLessThan(HEAP_BYTES_MAX),
    300_000,
  )

  it('would be caught if it took 16 bytes', async () => {
    expect(await measure('heap', 'vectors', 'planted')).toBeGreaterThan(2 * HEAP_BYTES_MAX - 1)
  }, 300_000)
})

describe.runIf(isAvailable)('a session of oneDNN', () => {
  it('leaves no native memory when it is closed', async () => {
    expect(await measure('cycles', 'onednn')).toBeLessThan(RESIDENT_BYTES_MAX)
  }, 300_000)

  it('would be caught if it were not closed', async () => {
    expect(await measure('cycles', 'onednn', 'planted')).toBeGreaterThan(RESIDENT_BYTES_MAX)
  }, 300_000)
})
