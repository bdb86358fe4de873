import { setTimeout as sleep } from 'node:timers/promises'
import { newUuid, type RunConfig } from '@trainyard/contracts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as jobs from '../jobs.repository.ts'
import { claimRun, createProject, findRun, openTestDatabase, readEvents, startRun, submitRun, type TestDatabase } from '../test-database.ts'
import { flush } from './flush.ts'
import { NEXT } from './state/claim.ts'
import { type ClaimedRun, cancelJob, claim, claimNext, complete, crash, expireLeases, recordCheckpoint, release } from './state.ts'

const ANY_ID = '00000000-0000-7000-8000-000000000000'
const EVALUATE: RunConfig = { kind: 'evaluate', checkpoint_id: ANY_ID, dataset_version_id: ANY_ID, split: 'test', batch_size: 1 }

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

test('a run with an expired lease is queued again first; the event of the next attempt says why', async () => {
  const { runId } = await submitRun(db.database, projectId)
  const first = await claimRun(db.database, runId, 1)
  await sleep(20)
  expect(await claimAs(runId, 'early')).toBeNull()
  await expireLeases(db.database.workerSql, 100)
  const claims = await Promise.all(Array.from({ length: 50 }, (_, i) => claimAs(runId, `worker-${i}`)))
  expect(claims.filter((run) => run !== null)).toHaveLength(1)
  expect(await findRun(db.database, runId)).toMatchObject({ state: 'running', leaseEpoch: 2, crashCount: 0, lostCount: 1 })
  expect(await flush(db.database.workerSql, first, { ttlMs: 60_000 })).toBeNull()
  const attempts = await db.database.asWorker((tx) => tx.attempt.findMany({ where: { runId }, orderBy: { leaseEpoch: 'asc' } }))
  expect(attempts.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['lease_lost', 'Its worker stopped answering and the lease expired.'],
    [null, null],
  ])
  expect((await readEvents(db.database, runId)).at(-1)?.message).toMatch(
    /^Attempt 2 began on worker worker-\d+, 0 s after attempt 1 ended: its worker stopped answering and the lease expired\. Begins anew: there is no checkpoint yet\.$/,
  )
})

test('the next attempt says from which step it goes on', async () => {
  const run = await startRun(db.database, projectId)
  const checkpoint = { id: newUuid(), kind: 'periodic', step: 1500, epoch: 1, objectKey: `c/${run.runId}`, bytes: 1 } as const
  await recordCheckpoint(db.database.workerSql, run, { ...checkpoint, sha256: 'ab'.repeat(32), metrics: {} })
  await crash(db.database.workerSql, run, 'The trainer was killed by SIGKILL.')
  expect(await claimAs(run.runId, 'w2')).toMatchObject({ checkpoints: [{ step: 1500, objectKey: checkpoint.objectKey }] })
  expect((await readEvents(db.database, run.runId)).at(-1)?.message).toBe(
    'Attempt 2 began on worker w2, 0 s after attempt 1 ended: the trainer was killed by SIGKILL. Goes on from the checkpoint at step 1,500.',
  )
})

test('a live lease and a missing run are not claimed', async () => {
  expect(await claimAs('00000000-0000-7000-8000-000000000001', 'late')).toBeNull()
  const live = await submitRun(db.database, projectId)
  await claimRun(db.database, live.runId)
  expect(await claimAs(live.runId, 'late')).toBeNull()
})

describe('the next run', () => {
  let own: TestDatabase
  const [a, b] = ['a', 'b'] as const
  const projects: Record<string, string> = {}

  beforeEach(async () => {
    own = await openTestDatabase(20)
    for (const name of [a, b]) projects[name] = await createProject(own.database, name)
  })
  afterEach(() => own.close())

  const train = (project: string, options: { priority?: number } = {}) =>
    own.database.asWorker(async (tx) => {
      const projectId = projects[project] ?? ''
      const job = await jobs.submit(tx, { projectId, kind: 'evaluate', name: null, config: {}, runs: [EVALUATE], ...options })
      return job.runs[0]?.id ?? ''
    })
  const next = () => claimNext(own.database, { owner: 'w', ttlMs: 60_000 })
  const limit = (project: string, change: string) =>
    own.database.workerSql.query(`UPDATE projects SET ${change} WHERE id = $1::uuid`, [projects[project]])

  test('is of the project that runs least, then the oldest', async () => {
    const ids = [await train(a), await train(a), await train(a), await train(b)]
    const order = [await next(), await next(), await next(), await next(), await next()].map((run) => run?.runId ?? null)
    // a first, since both run nothing and its run is older; then b, which runs nothing while a runs one.
    expect(order).toEqual([ids[0], ids[3], ids[1], ids[2], null])
  })

  test('is taken in turns where nothing else runs, whoever came first', async () => {
    const owners = new Map<string, string>()
    for (const project of [a, a, a, b, b]) owners.set(await train(project), project)
    const order = []
    for (let i = 0; i < 5; i++) {
      const run = await next()
      if (run === null) throw new Error('nothing was claimed')
      order.push(owners.get(run.runId))
      await cancelJob(own.database.workerSql, run.jobId)
      await release(own.database.workerSql, run, 'cancel')
    }
    expect(order).toEqual([a, b, a, b, a])
  })

  test('goes by shares: with twice the share a project runs twice as many', async () => {
    await limit(b, 'share = 2')
    const owners = new Map<string, string>()
    for (let i = 0; i < 6; i++) for (const project of [a, b]) owners.set(await train(project), project)
    const claimed = []
    for (let i = 0; i < 6; i++) claimed.push(owners.get((await next())?.runId ?? ''))
    expect(claimed.filter((project) => project === b)).toHaveLength(4)
  })

  test('has the highest priority in its project, and a prediction comes before all', async () => {
    const low = await train(a, { priority: -5 })
    const normal = await train(a)
    const high = await train(a, { priority: 7 })
    const { runId: prediction } = await submitRun(own.database, projects[a] ?? '')
    const order = [await next(), await next(), await next(), await next()].map((run) => run?.runId)
    expect(order).toEqual([prediction, high, normal, low])
  })

  test('of 30 claims at once a project gets no more than its limit, and the rest when one ends', async () => {
    await limit(a, 'concurrency_limit = 3')
    for (let i = 0; i < 10; i++) await train(a)
    const claims = (await Promise.all(Array.from({ length: 30 }, next))).filter((run) => run !== null)
    expect(claims).toHaveLength(3)
    expect(new Set(claims.map(({ runId }) => runId)).size).toBe(3)
    expect(await next()).toBeNull()
    await submitRun(own.database, projects[a] ?? '')
    expect((await next())?.kind).toBe('predict')
    const [ended] = claims
    if (ended !== undefined) await complete(own.database.workerSql, ended, { result: { kind: 'predict', predictions: [] } })
    expect(await next()).not.toBeNull()
    expect(await next()).toBeNull()
  })

  test('is found without looking at the others that wait', async () => {
    await own.database.workerSql.query(
      `WITH pair AS (SELECT new_uuid() AS job_id, new_uuid() AS run_id, (ARRAY[$1, $2]::uuid[])[1 + i % 2] AS project_id FROM generate_series(1, 10000) i
       ), job AS (INSERT INTO jobs (id, project_id, kind, config) SELECT job_id, project_id, 'evaluate', '{}' FROM pair)
       INSERT INTO runs (id, project_id, job_id, kind, config, priority) SELECT run_id, project_id, job_id, 'evaluate', '{}', 0 FROM pair`,
      [projects[a], projects[b]],
    )
    await limit(a, 'concurrency_limit = 1')
    expect([(await next())?.projectId, (await next())?.projectId, (await next())?.projectId].sort()).toEqual(
      [projects[a], projects[b], projects[b]].sort(),
    )
    await own.database.workerSql.query('ANALYZE runs', [])
    const plan = await own.database.workerSql.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF) ${NEXT}`,
      [],
    )
    const rows = plan.flatMap((row) =>
      [...row['QUERY PLAN'].matchAll(/actual rows=(\d+)|Rows Removed by \w+: (\d+)/g)].map((m) => Number(m[1] ?? m[2])),
    )
    // Project a is at its limit: none of its 4,999 runs that wait is looked at.
    expect(Math.max(...rows)).toBeLessThan(50)
  })

  test('of 50 claims at once every run is claimed once', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, (_, i) => train(i % 2 === 0 ? a : b)))
    const claims = (await Promise.all(Array.from({ length: 50 }, next))).flatMap((run) => run?.runId ?? [])
    expect(claims.sort()).toEqual(ids.sort())
  })
})
