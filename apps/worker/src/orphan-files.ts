// What killed processes have left in the storage: files of checkpoints that no row names, and files that are not whole. Only by age, since a file
// that was just stored gets its row a moment later, and never one whose row exists.

import { randomUUID } from 'node:crypto'
import { checkpoints, type Sql } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'

/** Objects that one question to the database is about. */
const BATCH = 500
const PREFIX = 'checkpoints/'
const EMPTY = { async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {} }

/** @param olderThanMs longer than any lease lives @returns how many were deleted */
export async function removeOrphanFiles(sql: Sql, storage: ObjectStorage, olderThanMs: number): Promise<number> {
  const before = (await clockOf(storage)) - olderThanMs
  let removed = await storage.removeUnfinished(new Date(before))
  let batch: string[] = []
  const work = async () => {
    for (const key of await checkpoints.unknownKeys(sql, batch)) {
      await storage.delete(key)
      removed++
    }
    batch = []
  }
  for await (const { key, modifiedAt } of storage.list(PREFIX)) {
    if (modifiedAt.getTime() >= before) continue
    batch.push(key)
    if (batch.length === BATCH) await work()
  }
  await work()
  return removed
}

/** Files are as old as the storage says, so that its clock decides: ours may be off, and would take new files for old ones. */
async function clockOf(storage: ObjectStorage): Promise<number> {
  const key = `clock/${randomUUID()}`
  await storage.put(key, EMPTY)
  try {
    const found = await storage.stat(key)
    if (found === null) throw new Error(`"${key}" was stored and is not there`)
    return found.modifiedAt.getTime()
  } finally {
    await storage.delete(key)
  }
}
