// Removes uploads that nobody has used in time, and what is stored of them. Every API process may run it at once. A row is marked, its files go, the
// row goes: whoever is killed in between leaves a mark, and the next one repeats what may not have been done.

import { type Database, uploads } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'
import { removeFiles } from './upload-parts.ts'

const BATCH = 50
/** Longer than deleting the files of one batch takes. */
const AGAIN_AFTER_MS = 10 * 60_000

/** @returns how many */
export async function expireUploads(database: Database, storage: ObjectStorage, againAfterMs = AGAIN_AFTER_MS): Promise<number> {
  const expired = await database.asWorker((tx) => uploads.takeExpired(tx, BATCH, againAfterMs))
  for (const upload of expired) {
    await removeFiles(storage, upload)
    await database.asWorker((tx) => uploads.remove(tx, upload.id))
  }
  return expired.length
}
