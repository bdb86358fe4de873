// What has to be the same at the next start: ports (so that URLs that somebody noted stay right) and passwords.

import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Remembered {
  readonly postgresPort: number
  readonly postgresPassword: string
  readonly redisPort: number
  readonly redisPassword: string
}

const newPassword = () => randomBytes(24).toString('hex')

/** `isFresh`: nothing was remembered, this is the first start. */
export async function recall(dataDir: string): Promise<{ remembered: Remembered; isFresh: boolean }> {
  const text = await readFile(pathIn(dataDir), 'utf8').catch(() => null)
  const known = JSON.parse(text ?? '{}') as Partial<Remembered>
  const remembered = {
    postgresPort: known.postgresPort ?? 0,
    postgresPassword: known.postgresPassword ?? newPassword(),
    redisPort: known.redisPort ?? 0,
    redisPassword: known.redisPassword ?? newPassword(),
  }
  return { remembered, isFresh: text === null }
}

export async function remember(dataDir: string, remembered: Remembered): Promise<void> {
  await writeFile(pathIn(dataDir), `${JSON.stringify(remembered, null, 2)}\n`, { mode: 0o600 })
}

const pathIn = (dataDir: string) => join(dataDir, 'local.json')
