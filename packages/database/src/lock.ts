// A lock that one process of the whole installation holds. It lives in a transaction of its own, so that it ends with the process.

import type { Database } from './database.ts'

/** @returns What the work returned, or null when somebody else holds the lock. */
export async function withAdvisoryLock<T>(database: Database, name: string, work: () => Promise<T>): Promise<T | null> {
  return database.asWorker(async (tx) => {
    const [row] = await tx.$queryRaw<{ taken: boolean }[]>`SELECT pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) AS taken`
    return row?.taken === true ? work() : null
  })
}
