// Carries messages from the outbox to the queue. PostgreSQL says when there are some; a slow poll finds what that missed. Any number of
// relays may run.

import { type Database, dispatch, listen } from '@trainyard/database'
import { repeat } from './repeat.ts'
import type { RunQueue } from './run-queue.ts'

export interface RelayOptions {
  readonly database: Database
  /** For the connection that listens. */
  readonly databaseUrl: string
  readonly queue: RunQueue
  /** Default 2 s. */
  readonly pollMs?: number
  readonly onError: (error: Error) => void
}

export interface Relay {
  close(): Promise<void>
}

const BATCH = 100

export function startRelay({ database, databaseUrl, queue, pollMs = 2_000, onError }: RelayOptions): Relay {
  const repeater = repeat(pollMs, () => drainOutbox(database, queue), onError)
  const listener = listen({
    url: databaseUrl,
    channels: ['trainyard_outbox'],
    onHint: () => repeater.wake(),
    onConnected: () => repeater.wake(),
    onError,
  })
  return {
    close: async () => {
      await listener.close()
      await repeater.close()
    },
  }
}

/** Publishes all that waits. When the queue does not answer, it throws, and everything still waits. */
export async function drainOutbox(database: Database, queue: RunQueue): Promise<void> {
  // Most times there is nothing: one round trip, and no transaction.
  if (!(await dispatch.hasOutbox(database.workerSql))) return
  let published: number
  do {
    published = await database.asWorker((tx) => dispatch.publishOutbox(tx, BATCH, (messages) => queue.publish(messages)))
  } while (published === BATCH)
}
