// Puts right what nobody else will: leases that have expired, messages that were lost, rows that are only ballast. One worker of the
// installation does it at a time; if two did, nothing would break.

import { type Database, dispatch, idempotency, type LeftRun, runState, withAdvisoryLock } from '@trainyard/database'
import { repeat } from './repeat.ts'
import type { RunQueue } from './run-queue.ts'

export interface ReconcilerOptions {
  readonly database: Database
  readonly queue: RunQueue
  /** Default 5 s. */
  readonly intervalMs?: number
  /** How long a queued run may go unclaimed before its message is looked for. Default 15 s. */
  readonly unclaimedAfterMs?: number
  readonly onError: (error: Error) => void
  /** Something was put right; for the log. */
  readonly onReconciled?: (reconciliation: Reconciliation) => void
}

export interface Reconciliation {
  /** Runs whose lease had expired, with what they have become. */
  readonly expired: readonly LeftRun[]
  /** Runs whose message was lost and was written anew. */
  readonly redispatched: number
}

export interface Reconciler {
  close(): Promise<void>
}

const BATCH = 100
const LOCK = 'trainyard reconciler'
/** Published messages are kept so long, to look at. */
const OUTBOX_TTL_MS = 24 * 3600 * 1000

export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { database, queue, intervalMs = 5_000, unclaimedAfterMs = 15_000, onError, onReconciled } = options
  return repeat(
    intervalMs,
    async () => {
      const reconciliation = await withAdvisoryLock(database, LOCK, () => reconcile(database, queue, unclaimedAfterMs))
      if (reconciliation !== null && (reconciliation.expired.length > 0 || reconciliation.redispatched > 0)) onReconciled?.(reconciliation)
    },
    onError,
  )
}

/** One round. The runs that it queues again are announced by the relay. */
export async function reconcile(database: Database, queue: RunQueue, unclaimedAfterMs: number): Promise<Reconciliation> {
  const expired = await runState.expireLeases(database.workerSql, BATCH)
  const redispatched = await redispatchLost(database, queue, unclaimedAfterMs)
  await dispatch.pruneOutbox(database.workerSql, OUTBOX_TTL_MS)
  await database.asWorker((tx) => idempotency.removeExpired(tx))
  return { expired, redispatched }
}

/** A message that still waits, or that a worker has, is left alone; one that is gone was lost, since its run is still queued. */
async function redispatchLost(database: Database, queue: RunQueue, unclaimedAfterMs: number): Promise<number> {
  const unclaimed = await dispatch.listUnclaimed(database.workerSql, { olderThanMs: unclaimedAfterMs, limit: BATCH })
  const states = await Promise.all(unclaimed.map((message) => queue.stateOf(message)))
  const lost = unclaimed.filter((_, i) => states[i] === 'gone')
  const waiting = unclaimed.filter((_, i) => states[i] !== 'gone')
  if (waiting.length > 0) await dispatch.postpone(database.workerSql, waiting)
  return lost.length === 0 ? 0 : dispatch.redispatch(database.workerSql, lost)
}
