// Files of checkpoints that no row names: what workers left that were killed between file and row. Only by age, since a file that was just
// stored gets its row a moment later, and never one whose row exists.

import { checkpoints, type Sql } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'

/** Objects that one question to the database is about. */
const BATCH = 500
const PREFIX = 'checkpoints/'

/** @param olderThanMs longer than any lease lives @returns how many were deleted */
export async function removeOrphanFiles(sql: Sql, storage: ObjectStorage, olderThanMs: number): Promise<number> {
  const before = Date.now() - olderThanMs
  let removed = 0
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
