// Removes uploads that nobody has used in time, and what is stored of them. Every API process may run it at once.

import { type Database, uploads } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'

const BATCH = 50

/** @returns how many */
export async function expireUploads(database: Database, storage: ObjectStorage): Promise<number> {
  return database.asWorker(async (tx) => {
    const expired = await uploads.findExpired(tx, BATCH)
    for (const { id, objectKey, token, partBytes } of expired) {
      if (token !== null && partBytes !== null) await storage.abortParts({ key: objectKey, token, partBytes })
      await storage.delete(objectKey)
      await uploads.remove(tx, id)
    }
    return expired.length
  })
}
