// Requirements of reliability that need the whole stack: each injects its fault into running trainings and asks the oracle afterwards. The rest is
// tested where it lives: 2 in apps/api, 5, 6, 16, 18 and 19 in apps/worker, 10, 16 and 17 in packages/database. Campaigns: npm run chaos.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '@trainyard/contracts'
import { hasRedis } from '@trainyard/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { LEASE_TTL_MS, Session } from './session.ts'

/** They take 5 to 20 s each; on a busy machine several times that. */
vi.setConfig({ testTimeout: 240_000 })

const DAY_MS = 24 * 3600 * 1000
/** Enough steps to be in the middle of, with a checkpoint behind. */
const MIDDLE = 4000

describe.skipIf(!hasRedis)('the service', () => {
  let session: Session
  beforeAll(async () => {
    session = await Session.open()
  })
  afterEach(() => {
    for (const { postgres, redis } of session.stack.workers) {
      postgres.mode = 'pass'
      redis.mode = 'pass'
    }
    session.stack.http.mode = 'pass'
    session.stack.api.postgres.mode = 'pass'
  })
  afterAll(() => session?.close())

  const start = async (): Promise<Job> => {
    const job = await session.submit()
    await session.waitForStep(job.id, MIDDLE)
    return job
  }
  const expectUndisturbed = async (job: Job) => {
    expect((await session.waitForEnd(job.id)).state).toBe('succeeded')
    expect(await session.difference(job.id)).toBeNull()
  }

  test('requirement 1: every id that a 2xx named survives a SIGKILL of the API, and its job ends', async () => {
    const acknowledged = new Set<string>()
    let isOver = false
    const client = async (index: number) => {
      for (let i = 0; !isOver; i++) {
        const headers = { 'idempotency-key': `kill-${index}-${i}` }
        for (;;) {
          const response = await session
            .fetch('POST', '/v1/jobs', session.body({ epochs: 1 }), { headers, timeoutMs: 5000 })
            .catch(() => null)
          if (response?.status === 201) {
            acknowledged.add(((await response.json()) as Job).id)
            break
          }
          await sleep(20)
        }
      }
    }
    const clients = Promise.all(Array.from({ length: 4 }, (_, i) => client(i)))
    for (let kills = 0; kills < 3; kills++) {
      const before = acknowledged.size
      while (acknowledged.size < before + 5) await sleep(10)
      process.kill(session.stack.api.pid ?? 0, 'SIGKILL')
    }
    isOver = true
    await clients
    const ended = await Promise.all([...acknowledged].map((id) => session.waitForEnd(id)))
    expect(ended.map(({ state }) => state)).toEqual(ended.map(() => 'succeeded'))
    // Repeated requests made no second job.
    expect(await session.count("SELECT count(*) FROM jobs WHERE config -> 'training' ->> 'epochs' = '1'")).toBe(acknowledged.size)
  })

  test('requirement 2: a retry after a dropped response finds the job that was made', async () => {
    const { http } = session.stack
    const post = (timeoutMs: number) =>
      session.fetch('POST', '/v1/jobs', session.body({ epochs: 2 }), {
        url: `http://127.0.0.1:${http.port}`,
        headers: { 'idempotency-key': 'dropped' },
        timeoutMs,
      })
    http.mode = 'drop_replies'
    await expect(post(1500)).rejects.toThrow()
    http.mode = 'pass'
    const answer = await post(60_000)
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
    expect(await session.count("SELECT count(*) FROM jobs WHERE config -> 'training' ->> 'epochs' = '2'")).toBe(1)
  })

  test('requirement 7: after FLUSHALL every run finishes', async () => {
    const jobs = [await start(), ...(await Promise.all(Array.from({ length: 5 }, () => session.submit())))]
    const redis = new Redis(session.stack.direct.redisUrl)
    for (let i = 0; i < 3; i++) {
      await redis.flushall()
      await sleep(200)
    }
    redis.disconnect()
    for (const job of jobs) await expectUndisturbed(job)
  })

  test('requirement 8: without Redis the API accepts and reads, and what runs goes on', async () => {
    const running = await start()
    const refuse = () => {
      for (const { redis } of session.stack.workers) redis.mode = 'refuse'
    }
    refuse()
    process.kill(session.stack.redis.pid ?? 0, 'SIGKILL')
    const accepted = await session.submit()
    expect((await session.request<Job>('GET', `/v1/jobs/${accepted.id}`)).state).toBe('queued')
    await expectUndisturbed(running)
    expect(await session.outcomes(running.id)).toEqual(['succeeded'])
    for (const { redis } of session.stack.workers) redis.mode = 'pass'
    await expectUndisturbed(accepted)
  })

  test('requirement 9: PostgreSQL is killed again and again, and no row that was acknowledged is lost', async () => {
    const job = await start()
    const submitted: string[] = []
    for (let i = 0; i < 3; i++) {
      submitted.push((await session.submit({ epochs: 1 })).id)
      process.kill(session.stack.postgres.pid ?? 0, 'SIGKILL')
      await sleep(1000)
    }
    for (const id of submitted) expect((await session.waitForEnd(id)).state).toBe('succeeded')
    await expectUndisturbed(job)
  })

  test('requirement 10: statements that were executed and not answered leave nothing twice', async () => {
    const job = await start()
    for (let i = 0; i < 8; i++) {
      for (const { postgres } of session.stack.workers) postgres.mode = 'drop_replies'
      await sleep(60 + 40 * i)
      for (const { postgres } of session.stack.workers) postgres.mode = 'pass'
      await sleep(300)
    }
    await expectUndisturbed(job)
  })

  test('requirement 11: a connection that is half open is given up, on either side of a partition', async () => {
    const job = await start()
    for (const { postgres } of session.stack.workers) postgres.mode = 'half_open'
    // Longer than the lease: whoever had the run must have let it go.
    await sleep(LEASE_TTL_MS + 1000)
    for (const { postgres } of session.stack.workers) postgres.mode = 'pass'
    await expectUndisturbed(job)
    expect((await session.outcomes(job.id)).at(0)).toBe('lease_lost')

    const other = await start()
    for (const { redis } of session.stack.workers) redis.mode = 'half_open'
    await expectUndisturbed(other)
    expect(await session.outcomes(other.id)).toEqual(['succeeded'])
  })

  test('requirement 11: the API answers 503 when the database accepts and never answers', async () => {
    session.stack.api.postgres.mode = 'half_open'
    const answer = await session.fetch('GET', '/v1/jobs')
    expect(answer.status).toBe(503)
    expect(((await answer.json()) as { code: string }).code).toBe('unavailable')
  })

  test('requirement 15: a worker whose clock is off by a day loses nothing and takes nothing away', async () => {
    for (const offset of [DAY_MS, -DAY_MS]) {
      await session.stack.workers[0]?.shiftClock(offset)
      const jobs = [await start(), await session.submit()]
      for (const job of jobs) {
        await expectUndisturbed(job)
        expect(await session.outcomes(job.id)).toEqual(['succeeded'])
      }
    }
    await session.stack.workers[0]?.shiftClock(0)
  })

  test('requirement 18: SIGTERM of every worker under load loses no step and counts no crash', async () => {
    // As many as train at once, and longer than the others, so that all are in the middle.
    const jobs = await Promise.all(session.stack.workers.map(() => session.submit({ epochs: 20_000 })))
    await Promise.all(jobs.map(({ id }) => session.waitForStep(id, 200)))
    const pids = session.stack.workers.map(({ pid }) => pid ?? 0)
    const begun = performance.now()
    for (const pid of pids) process.kill(pid, 'SIGTERM')
    while (session.stack.workers.some(({ pid }) => pid === undefined || pids.includes(pid))) await sleep(50)
    expect(performance.now() - begun).toBeLessThan(20_000)
    const ended = await Promise.all(jobs.map(({ id }) => session.waitForEnd(id)))
    expect(ended.map(({ state }) => state)).toEqual(jobs.map(() => 'succeeded'))
    // Stopped at different steps, they come to the same weights.
    expect(new Set(await Promise.all(jobs.map(({ id }) => session.finalWeights(id)))).size).toBe(1)
    for (const job of jobs) {
      const run = await session.run(job.id)
      expect(run?.crash_count).toBe(0)
      expect(await session.outcomes(job.id)).toEqual(['preempted', 'succeeded'])
      // The second attempt began where the first had stopped.
      expect(
        await session.count(
          `SELECT b.first_step - a.last_step AS count FROM attempts a JOIN attempts b ON b.run_id = a.run_id
           WHERE a.lease_epoch = 1 AND b.lease_epoch = 2 AND a.run_id = '${run?.id}'`,
        ),
      ).toBe(0)
    }
  })
})
