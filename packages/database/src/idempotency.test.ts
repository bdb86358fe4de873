import { newUuid, type RunConfig } from '@trainyard/contracts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import * as idempotency from './idempotency.repository.ts'
import * as jobs from './jobs.repository.ts'
import { createProject, openTestDatabase, type TestDatabase } from './test-database.ts'

let db: TestDatabase
let projectId: string

beforeAll(async () => {
  db = await openTestDatabase(20)
  projectId = await createProject(db.database)
})
afterAll(() => db.close())

const requestWith = (key: string, bodyHash = 'a'): idempotency.IdempotentRequest => ({
  projectId,
  key,
  operation: 'POST /v1/jobs',
  bodyHash,
})

const submitOnce = (request: idempotency.IdempotentRequest) =>
  db.database.withProject(projectId, (tx) =>
    idempotency.once(tx, request, async () => {
      const config: RunConfig = { kind: 'predict', checkpoint_id: newUuid(), inputs: [0], top_k: 1 }
      const job = await jobs.submit(tx, { projectId, kind: 'predict', name: null, config: {}, runs: [config] })
      return { status: 202, body: { id: job.id } }
    }),
  )

test('100 concurrent requests with one key make one job and get one response', async () => {
  const before = await db.database.asWorker((tx) => tx.job.count())
  const responses = await Promise.all(Array.from({ length: 100 }, () => submitOnce(requestWith('k1'))))
  expect(await db.database.asWorker((tx) => tx.job.count())).toBe(before + 1)
  expect(new Set(responses.map((response) => JSON.stringify(response.body))).size).toBe(1)
  expect(responses.filter((response) => !response.replayed)).toHaveLength(1)
  expect(responses.every((response) => response.status === 202)).toBe(true)
})

test('the same key with another body or operation is refused', async () => {
  await submitOnce(requestWith('k2'))
  await expect(submitOnce(requestWith('k2', 'b'))).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  await expect(submitOnce({ ...requestWith('k2'), operation: 'POST /v1/models' })).rejects.toMatchObject({ code: 'idempotency_mismatch' })
})

test('work that fails gives the key back', async () => {
  const failing = db.database.withProject(projectId, (tx) =>
    idempotency.once(tx, requestWith('k3'), () => Promise.reject(new Error('on purpose'))),
  )
  await expect(failing).rejects.toThrow('on purpose')
  expect((await submitOnce(requestWith('k3'))).replayed).toBe(false)
})

const claimOf = (request: idempotency.IdempotentRequest) => db.database.withProject(projectId, (tx) => idempotency.claim(tx, request))
const hold = async (request: idempotency.IdempotentRequest): Promise<idempotency.HeldKey> => {
  const claim = await claimOf(request)
  if (claim.outcome !== 'claimed') throw new Error(`the key is ${claim.outcome}`)
  return claim.held
}
const expire = (key: string) =>
  db.database.workerSql.query("UPDATE idempotency_keys SET expires_at = now() - interval '1 s' WHERE key = $1", [key])

test('work in several transactions is in flight until it is completed or released', async () => {
  const request = requestWith('k4')
  const held = await hold(request)
  expect(await claimOf(request)).toEqual({ outcome: 'in_flight' })
  await expect(submitOnce(request)).rejects.toMatchObject({ code: 'idempotency_in_flight' })
  await db.database.withProject(projectId, (tx) => idempotency.release(tx, held))
  const second = await hold(request)
  await db.database.withProject(projectId, (tx) => idempotency.complete(tx, second, { status: 201, body: null }))
  expect(await claimOf(request)).toEqual({ outcome: 'replay', response: { status: 201, body: null } })
})

test('whoever renews a key holds it; whoever lost it to another can neither complete nor release nor renew it', async () => {
  const request = requestWith('k6')
  const first = await hold(request)
  await expire('k6')
  await db.database.withProject(projectId, (tx) => idempotency.renew(tx, first))
  expect(await claimOf(request)).toEqual({ outcome: 'in_flight' })
  await expire('k6')
  const second = await hold(request)
  const work = db.database.withProject(projectId, (tx) => idempotency.complete(tx, first, { status: 201, body: 'first' }))
  await expect(work).rejects.toMatchObject({ code: 'idempotency_in_flight' })
  await db.database.withProject(projectId, (tx) => idempotency.release(tx, first))
  await expire('k6')
  await db.database.withProject(projectId, (tx) => idempotency.renew(tx, first))
  await db.database.withProject(projectId, (tx) => idempotency.renew(tx, second))
  expect(await claimOf(request)).toEqual({ outcome: 'in_flight' })
  await db.database.withProject(projectId, (tx) => idempotency.complete(tx, second, { status: 201, body: 'second' }))
  expect(await claimOf(request)).toEqual({ outcome: 'replay', response: { status: 201, body: 'second' } })
})

test('work whose key was removed meanwhile keeps its response', async () => {
  const request = requestWith('k7')
  const held = await hold(request)
  await expire('k7')
  await idempotency.removeExpired(db.database.workerSql)
  await db.database.withProject(projectId, (tx) => idempotency.complete(tx, held, { status: 201, body: 'late' }))
  expect(await claimOf(request)).toEqual({ outcome: 'replay', response: { status: 201, body: 'late' } })
})

test('an expired key is free, and is removed; one that is held stays', async () => {
  const request = requestWith('k5')
  await hold(request)
  await expire('k5')
  await hold(request)
  await expire('k5')
  await hold(requestWith('k8'))
  await idempotency.removeExpired(db.database.workerSql)
  const left = await db.database.workerSql.query("SELECT key FROM idempotency_keys WHERE key IN ('k5', 'k8')", [])
  expect(left).toEqual([{ key: 'k8' }])
})

test('requirement 15: keeps a response when the clock of a worker or of the API is off by two days', async () => {
  for (const days of [2, -2]) {
    const request = requestWith(`clock ${days}`)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * 24 * 3600 * 1000 })
    try {
      const first = await submitOnce(request)
      await idempotency.removeExpired(db.database.workerSql)
      expect(await submitOnce(request)).toEqual({ ...first, replayed: true })
    } finally {
      vi.useRealTimers()
    }
  }
})
