// What killed processes have left in the storage: files that no row names, and files that are not whole. Only by age, since a file that was just
// stored gets its row a moment later, and never one that a row or a preparation under way refers to. What a running upload has sent in parts is no
// file yet; its row says until when it may stay.

import { randomUUID } from 'node:crypto'
import { type Database, preparationFiles, storedKeys } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'

/** Objects that one question to the database is about, and that are deleted before its transaction ends. */
const BATCH = 100
/** Files of one request get their rows together, when the last of them has arrived: as long as a slow one may take. */
const UPLOAD_AGE_MS = 24 * 3600 * 1000
const EMPTY = { async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {} }

/** @param olderThanMs longer than any lease lives @returns how many were deleted */
export async function removeOrphanFiles(database: Database, storage: ObjectStorage, olderThanMs: number): Promise<number> {
  const now = await clockOf(storage)
  let removed = await storage.removeUnfinished(new Date(now - olderThanMs))
  const remove = async (keys: readonly string[]) => {
    await Promise.all(keys.map((key) => storage.delete(key)))
    removed += keys.length
  }
  // Of runs that ended while no supervisor had them, or whose supervisor was killed right after.
  await remove(await preparationFiles.removeEnded(database.workerSql, null))
  for (const folder of storedKeys.STORED_FOLDERS) {
    const before = now - (folder === 'uploads' ? Math.max(olderThanMs, UPLOAD_AGE_MS) : olderThanMs)
    let batch: string[] = []
    const work = async () => {
      await database.asWorker(async (tx) => remove(await storedKeys.findForRemoval(tx, folder, batch)))
      batch = []
    }
    for await (const { key, modifiedAt } of storage.list(`${folder}/`)) {
      if (modifiedAt.getTime() >= before) continue
      batch.push(key)
      if (batch.length === BATCH) await work()
    }
    await work()
  }
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
