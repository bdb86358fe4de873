// The producer's side: publishes messages, and tells what has become of them.

import type { RunMessage } from '@trainyard/contracts'
import { createPostgresBackend, type JobsOptions, Queue, runMigrations, withBackend } from 'bullmq'
import pg from 'pg'
import { DEFAULT_PREFIX, FINISHED_KEPT, messageId, type QueueConnection, RUN_QUEUE } from './connection.ts'
import { checkRedis } from './redis-check.ts'
import { redisOptions } from './redis-options.ts'

/** `waiting`: a worker will get it. `active`: one has it. `gone`: done, failed or lost. */
export type MessageState = 'waiting' | 'active' | 'gone'

export interface RunQueue {
  /** Publishing a message again changes nothing. */
  publish(messages: readonly RunMessage[]): Promise<void>
  stateOf(message: RunMessage): Promise<MessageState>
  /** Messages by state, for gauges. */
  count(): Promise<{ waiting: number; active: number }>
  close(): Promise<void>
}

/** Retries are decided in PostgreSQL. */
const JOB_OPTIONS: JobsOptions = { attempts: 1, removeOnComplete: { count: FINISHED_KEPT }, removeOnFail: { count: FINISHED_KEPT } }

const STATES = {
  waiting: 'waiting',
  prioritized: 'waiting',
  delayed: 'waiting',
  'waiting-children': 'waiting',
  active: 'active',
  completed: 'gone',
  failed: 'gone',
  unknown: 'gone',
} as const satisfies Record<Awaited<ReturnType<Queue['getJobState']>>, MessageState>

export interface RunQueueOptions {
  /** The connection broke; it is made again. */
  readonly onError?: (error: Error) => void
}

/** @throws TrainyardError unavailable: Redis does not answer or would lose messages */
export async function openRunQueue(connection: QueueConnection, { onError = () => {} }: RunQueueOptions = {}): Promise<RunQueue> {
  const queue = connection.kind === 'redis' ? await openOnRedis(connection.url, connection.prefix) : await openOnPostgres(connection.url)
  queue.on('error', onError)
  await queue.waitUntilReady()
  return {
    publish: async (messages) => {
      await queue.addBulk(messages.map((data) => ({ name: 'run', data, opts: { ...JOB_OPTIONS, jobId: messageId(data) } })))
    },
    stateOf: async (message) => STATES[await queue.getJobState(messageId(message))],
    count: async () => {
      const { waiting = 0, active = 0 } = await queue.getJobCounts('waiting', 'active')
      return { waiting, active }
    },
    close: () => queue.close(),
  }
}

async function openOnRedis(url: string, prefix = DEFAULT_PREFIX) {
  await checkRedis(url)
  // Without a queue of its own: an unreachable Redis is an error now, and the outbox tries again.
  return new Queue<RunMessage>(RUN_QUEUE, { connection: { ...redisOptions(url), enableOfflineQueue: false }, prefix })
}

async function openOnPostgres(url: string) {
  await migrateQueue(url)
  const backend = withBackend(createPostgresBackend)
  return new backend.Queue<RunMessage>(RUN_QUEUE, { connection: { connectionString: url, max: 2 } })
}

/** BullMQ's own tables; a second call finds nothing to do. */
export async function migrateQueue(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await runMigrations(client)
  } finally {
    await client.end()
  }
}
