import { setTimeout as sleep } from 'node:timers/promises'
import { newUuid, type RunMessage } from '@trainyard/contracts'
import { jobs, projects, type RunRecord, runState, runs } from '@trainyard/database'
import { hasRedis } from '@trainyard/testkit'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FINISHED_KEPT, messageId, type QueueConnection, RUN_QUEUE } from './connection.ts'
import { reconcileMessages, startReconciler } from './reconciler.ts'
import { drainOutbox, startRelay } from './relay.ts'
import { startRunConsumer } from './run-consumer.ts'
import { openRunQueue, type RunQueue } from './run-queue.ts'
import { openTestServices, type TestServices } from './test-services.ts'

let db: TestServices
let projectId: string

beforeAll(async () => {
  db = await openTestServices(hasRedis)
  projectId = (await db.database.asWorker((tx) => projects.create(tx, { name: 'test' }))).id
})
afterAll(() => db.close())

const unexpected = (error: Error) => {
  throw error
}

/** Waits as long as the test may take. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10)
}

async function submitRun(): Promise<RunRecord> {
  const config = { kind: 'predict' as const, checkpoint_id: '00000000-0000-7000-8000-000000000000', inputs: [0], top_k: 1 }
  const job = await db.database.withProject(projectId, (tx) =>
    jobs.submit(tx, { projectId, kind: 'predict', name: null, config: {}, runs: [config] }),
  )
  const run = await findRun(job.runs[0]?.id ?? '')
  if (run === null) throw new Error('the job has no run')
  return run
}

const findRun = (id: string) => db.database.asWorker((tx) => runs.find(tx, id))

describe.each(hasRedis ? (['redis', 'postgres'] as const) : (['postgres'] as const))('on %s', (kind) => {
  let connection: QueueConnection
  let queue: RunQueue
  const closing: (() => Promise<void>)[] = []

  beforeEach(async () => {
    await db.database.workerSql.query('DELETE FROM runs', [])
    connection = await db.connect(kind)
    queue = await openRunQueue(connection, { onError: unexpected })
  })
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
    await queue.close()
  })

  async function consume(handle: (message: RunMessage) => Promise<void>, concurrency = 4): Promise<Error[]> {
    const errors: Error[] = []
    const consumer = await startRunConsumer(connection, { concurrency, handle, onError: (error) => errors.push(error) })
    closing.push(() => consumer.close())
    return errors
  }

  test('what is submitted arrives at a worker by way of outbox and relay', async () => {
    const handled: RunMessage[] = []
    await consume(async (message) => {
      handled.push(message)
    })
    const relay = startRelay({ database: db.database, databaseUrl: db.url, queue, pollMs: 60_000, onError: unexpected })
    closing.push(() => relay.close())
    const submitted = await Promise.all(Array.from({ length: 10 }, () => submitRun()))
    await until(() => handled.length === 10)
    expect(new Set(handled.map((message) => message.run_id))).toEqual(new Set(submitted.map((run) => run.id)))
    expect(handled.every((message) => message.dispatch_seq === 1)).toBe(true)
  })

  test('a message that is published or delivered again starts nothing twice', async () => {
    const claims: string[] = []
    let deliveries = 0
    await consume(async ({ run_id }) => {
      const run = await runState.claim(db.database.workerSql, { runId: run_id, owner: 'w', ttlMs: 60_000 })
      if (run !== null) claims.push(run_id)
      deliveries++
    })
    const { id: runId } = await submitRun()
    await Promise.all(Array.from({ length: 5 }, () => drainOutbox(db.database, queue)))
    await queue.publish([
      { run_id: runId, dispatch_seq: 1 },
      { run_id: runId, dispatch_seq: 1 },
    ])
    await queue.publish(Array.from({ length: 5 }, (_, i) => ({ run_id: runId, dispatch_seq: i + 2 })))
    await until(() => deliveries === 6)
    expect(claims).toEqual([runId])
    await queue.publish([{ run_id: runId, dispatch_seq: 1 }])
    expect(await queue.stateOf({ run_id: runId, dispatch_seq: 1 })).toBe('gone')
  })

  test('concurrent relays publish each message once', async () => {
    const submitted = await Promise.all(Array.from({ length: 30 }, () => submitRun()))
    const published: string[] = []
    const counting: RunQueue = {
      ...queue,
      publish: async (messages) => {
        published.push(...messages.map((message) => message.run_id))
        await queue.publish(messages)
      },
    }
    await Promise.all(Array.from({ length: 8 }, () => drainOutbox(db.database, counting)))
    expect(published.sort()).toEqual(submitted.map((run) => run.id).sort())
  })

  test('a queue that fails keeps the outbox as it is', async () => {
    const { id: runId } = await submitRun()
    const broken: RunQueue = { ...queue, publish: () => Promise.reject(new Error('no connection')) }
    await expect(drainOutbox(db.database, broken)).rejects.toThrow('no connection')
    await drainOutbox(db.database, queue)
    expect(await queue.stateOf({ run_id: runId, dispatch_seq: 1 })).toBe('waiting')
  })

  test('a run whose lease expires is announced and taken up again', async () => {
    const { id: runId } = await submitRun()
    const attempts: number[] = []
    await consume(async ({ run_id }) => {
      const run = await runState.claim(db.database.workerSql, { runId: run_id, owner: 'w', ttlMs: attempts.length === 0 ? 1 : 60_000 })
      if (run !== null) attempts.push(run.attempt)
    })
    const relay = startRelay({ database: db.database, databaseUrl: db.url, queue, onError: unexpected })
    const reconciler = startReconciler({ database: db.database, queue, intervalMs: 50, onError: unexpected })
    closing.push(
      () => relay.close(),
      () => reconciler.close(),
    )
    await until(() => attempts.length === 2)
    expect(attempts).toEqual([1, 2])
    expect(await findRun(runId)).toMatchObject({ state: 'running', lostCount: 1, dispatchSeq: 2 })
  })

  test('a lost message is written anew, one that waits is not', async () => {
    const waiting = await submitRun()
    await drainOutbox(db.database, queue)
    const lost = await submitRun()
    await drainOutbox(db.database, { ...queue, publish: async () => {} })
    expect(await reconcileMessages(db.database, queue, 60_000)).toEqual({ redispatched: 0 })
    expect(await reconcileMessages(db.database, queue, 0)).toEqual({ redispatched: 1 })
    expect((await findRun(lost.id))?.dispatchSeq).toBe(2)
    expect((await findRun(waiting.id))?.dispatchSeq).toBe(1)
    await drainOutbox(db.database, queue)
    expect(await queue.stateOf({ run_id: lost.id, dispatch_seq: 2 })).toBe('waiting')
    expect(await queue.count()).toEqual({ waiting: 2, active: 0 })
  })

  test('a handler that fails is reported, and its run is announced again', async () => {
    const { id: runId } = await submitRun()
    const errors = await consume(() => Promise.reject(new Error('the database went away')))
    await drainOutbox(db.database, queue)
    await until(() => errors.length > 0)
    expect(errors[0]?.message).toBe('the database went away')
    await until(async () => (await queue.stateOf({ run_id: runId, dispatch_seq: 1 })) === 'gone')
    expect(await reconcileMessages(db.database, queue, 0)).toEqual({ redispatched: 1 })
  })

  test('requirement 20: keeps a bounded number of finished messages', async () => {
    const messages = Array.from({ length: FINISHED_KEPT + 50 }, (_, i) => ({ run_id: newUuid(), dispatch_seq: i + 1 }))
    let handled = 0
    await consume(async () => {
      handled++
    })
    await queue.publish(messages)
    await until(() => handled === messages.length)
    await until(async () => (await queue.count()).active === 0)
    const count = await countKept(connection, messages)
    expect(count).toBeGreaterThan(0)
    // Another may be about to go with each one that is done at the same time.
    expect(count).toBeLessThanOrEqual(FINISHED_KEPT + 4)
  })
})

/** How many of these messages the queue still has. */
async function countKept(connection: QueueConnection, messages: readonly RunMessage[]): Promise<number> {
  const ids = messages.map(messageId)
  if (connection.kind === 'redis') {
    const redis = new Redis(connection.url)
    const count = await redis.exists(ids.map((id) => `${connection.prefix}:${RUN_QUEUE}:${id}`))
    redis.disconnect()
    return count
  }
  const client = new pg.Client({ connectionString: connection.url })
  await client.connect()
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM bullmq.job WHERE id = ANY ($1)', [ids])
  await client.end()
  return rows[0]?.count ?? 0
}
