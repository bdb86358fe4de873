// One process at a time may run the servers of a data directory.

import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { identify, isAlive, type ProcessIdentity } from './process/identity.ts'

/** @returns What gives the directory back. @throws Error when a running process has it. */
export async function own(dataDir: string): Promise<() => Promise<void>> {
  const path = join(dataDir, 'owner.json')
  for (;;) {
    try {
      await writeFile(path, JSON.stringify(identify(process.pid)), { flag: 'wx' })
      return () => rm(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const text = await readFile(path, 'utf8').catch(() => '')
    const owner = parse(text)
    if (owner !== null && isAlive(owner)) {
      throw new Error(`${dataDir} is in use by process ${owner.pid}. Use that one, end it, or set TRAINYARD_DATA_DIR to another directory.`)
    }
    await rm(path, { force: true })
  }
}

function parse(text: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') return null
    const startedAt = 'startedAt' in value && typeof value.startedAt === 'number' ? value.startedAt : null
    return { pid: value.pid, startedAt }
  } catch {
    return null
  }
}
