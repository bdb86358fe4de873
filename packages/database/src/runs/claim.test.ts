import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimRun, createProject, findRun, openTestDatabase, readEvents, submitRun, type TestDatabase } from '../test-database.ts'
import { flush } from './flush.ts'
import { type ClaimedRun, claim, crash } from './state.ts'

let db: TestDatabase
let projectId: string

beforeAll(async () => {
  db = await openTestDatabase(50)
  projectId = await createProject(db.database)
})
afterAll(() => db.close())

const claimAs = (runId: string, owner: string, ttlMs = 60_000) => claim(db.database.workerSql, { runId, owner, ttlMs })

test('of 50 concurrent claims of a queued run one wins', async () => {
  for (let round = 0; round < 5; round++) {
    const { runId } = await submitRun(db.database, projectId)
    const claims = await Promise.all(Array.from({ length: 50 }, (_, i) => claimAs(runId, `worker-${i}`)))
    const won = claims.filter((run): run is ClaimedRun => run !== null)
    expect(won).toHaveLength(1)
    expect(won[0]).toMatchObject({ runId, projectId, leaseEpoch: 1, attempt: 1, kind: 'predict', checkpoints: [] })
    const run = await findRun(db.database, runId)
    expect(run).toMatchObject({ state: 'running', leaseEpoch: 1, crashCount: 0 })
    expect((await readEvents(db.database, runId)).map((event) => event.type)).toEqual(['queued', 'started'])
  }
})

test('of 50 concurrent claims of a run with an expired lease one wins, and the crash is counted once', async () => {
  const { runId } = await submitRun(db.database, projectId)
  const first = await claimRun(db.database, runId, 1)
  await sleep(20)
  const claims = await Promise.all(Array.from({ length: 50 }, (_, i) => claimAs(runId, `worker-${i}`)))
  expect(claims.filter((run) => run !== null)).toHaveLength(1)
  expect(await findRun(db.database, runId)).toMatchObject({ state: 'running', leaseEpoch: 2, crashCount: 1 })
  expect(await flush(db.database.workerSql, first, { ttlMs: 60_000 })).toBeNull()
  const attempts = await db.database.asWorker((tx) => tx.attempt.findMany({ where: { runId }, orderBy: { leaseEpoch: 'asc' } }))
  expect(attempts.map((attempt) => attempt.outcome)).toEqual(['lease_lost', null])
  expect((await readEvents(db.database, runId)).at(-1)?.message).toMatch(
    /^Attempt 2 started on worker worker-\d+; worker worker-1 had lost its lease\.$/,
  )
})

test('a live lease, a missing run and a run that has crashed too often are not claimed', async () => {
  const { runId } = await submitRun(db.database, projectId)
  for (let i = 0; i < 2; i++) await crash(db.database.workerSql, await claimRun(db.database, runId), 'On purpose.')
  await claimRun(db.database, runId, 1)
  await sleep(20)
  expect(await claimAs(runId, 'late')).toBeNull()
  expect(await claimAs('00000000-0000-7000-8000-000000000001', 'late')).toBeNull()
  const live = await submitRun(db.database, projectId)
  await claimRun(db.database, live.runId)
  expect(await claimAs(live.runId, 'late')).toBeNull()
})
