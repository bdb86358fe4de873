// Puts right what nobody else will: leases that have expired, messages that were lost, rows that are only ballast. Rounds of their own, so that a
// queue that does not answer holds up no lease. In an idle installation each is one statement that finds nothing.

import type { RunMessage } from '@trainyard/contracts'
import { type Database, dispatch, idempotency, type LeftRun, runState, withAdvisoryLock } from '@trainyard/database'
import { repeat } from './repeat.ts'
import type { RunQueue } from './run-queue.ts'

export interface ReconcilerOptions {
  readonly database: Database
  readonly queue: RunQueue
  /** Default 2 s. */
  readonly intervalMs?: number
  /** How long a queued run may go unclaimed before its message is looked for. Default 15 s. */
  readonly unclaimedAfterMs?: number
  readonly onError: (error: Error) => void
  /** Something was put right; for the log. */
  readonly onReconciled?: (what: LeaseReconciliation | MessageReconciliation) => void
}

export interface LeaseReconciliation {
  /** Runs whose lease had expired, with what they have become. */
  readonly expired: readonly LeftRun[]
  /** Runs that had to wait and no longer do. */
  readonly due: number
}

export interface MessageReconciliation {
  /** Runs whose message was lost and was written anew. */
  readonly redispatched: number
}

export interface Reconciler {
  close(): Promise<void>
}

const BATCH = 100
/** Expired keys are ballast, and nothing more. */
const EXPIRY_INTERVAL_MS = 60_000
const LOCK = 'trainyard messages'

export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { database, queue, intervalMs = 2_000, unclaimedAfterMs = 15_000, onError, onReconciled = () => {} } = options
  const rounds = [
    // In every worker: a row that one of them has is skipped by the others, and none waits for one that has stopped.
    repeat(
      intervalMs,
      async () => {
        const leases = await reconcileLeases(database)
        if (leases.expired.length > 0 || leases.due > 0) onReconciled(leases)
      },
      onError,
    ),
    repeat(
      intervalMs,
      async () => {
        const messages = await reconcileMessages(database, queue, unclaimedAfterMs)
        if (messages.redispatched > 0) onReconciled(messages)
      },
      onError,
    ),
    repeat(EXPIRY_INTERVAL_MS, () => idempotency.removeExpired(database.workerSql), onError),
  ]
  return {
    close: async () => {
      await Promise.all(rounds.map((round) => round.close()))
    },
  }
}

/** The runs that it queues again are announced by the relay. */
export async function reconcileLeases({ workerSql }: Pick<Database, 'workerSql'>): Promise<LeaseReconciliation> {
  const expired = await runState.expireLeases(workerSql, BATCH)
  return { expired, due: await dispatch.announceDue(workerSql, BATCH) }
}

/** In one worker at a time: if two did it, nothing would break. */
export async function reconcileMessages(database: Database, queue: RunQueue, unclaimedAfterMs: number): Promise<MessageReconciliation> {
  const unclaimed = await dispatch.listUnclaimed(database.workerSql, { olderThanMs: unclaimedAfterMs, limit: BATCH })
  if (unclaimed.length === 0) return { redispatched: 0 }
  const redispatched = await withAdvisoryLock(database, LOCK, () => redispatchLost(database, queue, unclaimed))
  return { redispatched: redispatched ?? 0 }
}

/** A message that still waits, or that a worker has, is left alone; one that is gone was lost, since its run is still queued. */
async function redispatchLost(database: Database, queue: RunQueue, unclaimed: readonly RunMessage[]): Promise<number> {
  const states = await Promise.all(unclaimed.map((message) => queue.stateOf(message)))
  const lost = unclaimed.filter((_, i) => states[i] === 'gone')
  const waiting = unclaimed.filter((_, i) => states[i] !== 'gone')
  if (waiting.length > 0) await dispatch.postpone(database.workerSql, waiting)
  return lost.length === 0 ? 0 : dispatch.redispatch(database.workerSql, lost)
}
