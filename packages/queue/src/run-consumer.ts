// The worker's side: hands each message to an async supervisor. Never CPU work: a blocked event loop would let BullMQ's lock expire and
// start the message a second time. What becomes of a run is decided in PostgreSQL; BullMQ's own outcome is ignored.

import { type RunMessage, runMessageSchema } from '@trainyard/contracts'
import { createPostgresBackend, type Job, Worker, withBackend } from 'bullmq'
import { DEFAULT_PREFIX, FINISHED_KEPT, type QueueConnection, RUN_QUEUE } from './connection.ts'
import { checkRedis } from './redis-check.ts'
import { redisOptions } from './redis-options.ts'
import { migrateQueue } from './run-queue.ts'

export interface RunConsumerOptions {
  /** Messages handled at once. */
  readonly concurrency: number
  /** Called again for a message that was seen already, and for runs that are over: claim first. */
  readonly handle: (message: RunMessage) => Promise<void>
  /** The connection broke (it is made again), or `handle` rejected (the reconciler announces the run again). */
  readonly onError: (error: Error) => void
}

export interface RunConsumer {
  /** Takes no more messages, while those in hand go on. */
  pause(): Promise<void>
  /** Waits for the messages in hand. */
  close(): Promise<void>
}

/** Lock 60 s, looked at every 30 s. A stalled message is not repeated by BullMQ: the lease decides, and the reconciler repeats. */
const SETTINGS = {
  lockDuration: 60_000,
  stalledInterval: 30_000,
  maxStalledCount: 0,
  removeOnComplete: { count: FINISHED_KEPT },
  removeOnFail: { count: FINISHED_KEPT },
}

/** @throws TrainyardError unavailable: Redis does not answer or would lose messages */
export async function startRunConsumer(connection: QueueConnection, options: RunConsumerOptions): Promise<RunConsumer> {
  const { concurrency, handle, onError } = options
  const process = (job: Job<unknown>) => handle(runMessageSchema.parse(job.data))
  const worker =
    connection.kind === 'redis'
      ? await startOnRedis(connection.url, connection.prefix, process, concurrency)
      : await startOnPostgres(connection.url, process, concurrency)
  worker.on('error', onError)
  worker.on('failed', (_job: unknown, error: Error) => onError(error))
  await worker.waitUntilReady()
  return {
    pause: () => worker.pause(true),
    close: () => worker.close(),
  }
}

async function startOnRedis(url: string, prefix = DEFAULT_PREFIX, process: (job: Job<unknown>) => Promise<void>, concurrency: number) {
  await checkRedis(url)
  return new Worker<unknown, void>(RUN_QUEUE, process, {
    connection: { ...redisOptions(url), maxRetriesPerRequest: null },
    prefix,
    concurrency,
    ...SETTINGS,
  })
}

async function startOnPostgres(url: string, process: (job: Job<unknown>) => Promise<void>, concurrency: number) {
  await migrateQueue(url)
  const backend = withBackend(createPostgresBackend)
  return new backend.Worker<unknown, void>(RUN_QUEUE, process, { connection: { connectionString: url, max: 4 }, concurrency, ...SETTINGS })
}
