// Requirements of reliability that need the whole stack: each injects its fault into running trainings and asks the oracle afterwards. The rest is
// tested where it lives: 2 in apps/api, 5, 6, 16, 18 and 19 in apps/worker, 10, 16 and 17 in packages/database. Campaigns: npm run chaos.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '@trainyard/contracts'
import { hasRedis } from '@trainyard/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { dropReplies, expectUndisturbed, killPostgres, loseMessages, partition, startInTheMiddle, terminate } from './cases.ts'
import { Session } from './session.ts'

const DAY_MS = 24 * 3600 * 1000
/** How long Redis stays away after a run has ended without it; minutes take minutes. */
const REDIS_DOWN_MS = Number(process.env.REDIS_DOWN_S ?? 0) * 1000

/** They take 5 to 20 s each; on a busy machine several times that. */
vi.setConfig({ testTimeout: 240_000 + REDIS_DOWN_MS })

describe.skipIf(!hasRedis)('the service', () => {
  let session: Session
  beforeAll(async () => {
    session = await Session.open('redis')
  })
  afterEach(() => session.heal())
  afterAll(() => session?.close())

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

  test('requirement 7: after FLUSHALL every run finishes', () => loseMessages(session))

  test('requirement 8: without Redis the API accepts and reads, and what runs goes on', async () => {
    const running = await startInTheMiddle(session)
    session.setMode('redis', 'refuse')
    process.kill(session.stack.redis?.pid ?? 0, 'SIGKILL')
    const accepted = await session.submit()
    expect((await session.request<Job>('GET', `/v1/jobs/${accepted.id}`)).state).toBe('queued')
    await expectUndisturbed(session, running)
    expect(await session.outcomes(running.id)).toEqual(['succeeded'])
    await sleep(REDIS_DOWN_MS)
    session.setMode('redis', 'pass')
    await expectUndisturbed(session, accepted)
  })

  test('requirement 9: PostgreSQL is killed again and again, and no row that was acknowledged is lost', () => killPostgres(session))

  test('requirement 10: statements that were executed and not answered leave nothing twice', () => dropReplies(session))

  test('requirement 11: a connection that is half open is given up, on either side of a partition', async () => {
    await partition(session)
    const other = await startInTheMiddle(session)
    session.setMode('redis', 'half_open')
    await expectUndisturbed(session, other)
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
      const jobs = [await startInTheMiddle(session), await session.submit()]
      for (const job of jobs) {
        await expectUndisturbed(session, job)
        expect(await session.outcomes(job.id)).toEqual(['succeeded'])
      }
    }
    await session.stack.workers[0]?.shiftClock(0)
  })

  test('requirement 18: SIGTERM of every worker under load loses no step and counts no crash', () => terminate(session))
})
