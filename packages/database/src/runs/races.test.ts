// Requirement 16: a run whose cancellation was requested never succeeds, and one whose success was written is never cancelled, whatever the moment.
// Every run is running; then cancellation and completion are sent at once, on different connections, in either order.

import { newUuid, type RunResult } from '@trainyard/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProject, openTestDatabase, type TestDatabase } from '../test-database.ts'
import { cancelJob, complete, release } from './state.ts'

/** `RACES=100000 npx vitest run packages/database/src/runs/races.test.ts` runs more. */
const RACES = Number(process.env.RACES ?? 10_000)
const AT_ONCE = 8
const RESULT: RunResult = { kind: 'predict', predictions: [] }

let db: TestDatabase
let projectId: string

beforeAll(async () => {
  db = await openTestDatabase(2 * AT_ONCE)
  projectId = await createProject(db.database)
})
afterAll(() => db.close())

interface Started {
  readonly jobId: string
  readonly runId: string
}

/** As after submission and claim, all at once. */
async function startRuns(count: number): Promise<Started[]> {
  const rows = Array.from({ length: count }, () => ({ jobId: newUuid(), runId: newUuid() }))
  const ids = [rows.map(({ jobId }) => jobId), rows.map(({ runId }) => runId)]
  await db.database.workerSql.query(
    `WITH pair AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS p (job_id, run_id)
     ), job AS (
       INSERT INTO jobs (id, project_id, kind, config, state) SELECT job_id, $3::uuid, 'predict', '{}', 'running' FROM pair
     ), run AS (
       INSERT INTO runs (id, project_id, job_id, kind, config, state, lease_epoch, lease_owner, lease_expires_at)
       SELECT run_id, $3::uuid, job_id, 'predict', '{}', 'running', 1, 'w', clock_timestamp() + interval '1 hour' FROM pair
     )
     INSERT INTO attempts (id, project_id, run_id, lease_epoch, worker, first_step) SELECT gen_random_uuid(), $3::uuid, run_id, 1, 'w', 0 FROM pair`,
    [...ids, projectId],
  )
  return rows
}

test(`requirement 16: of ${RACES} races between a cancellation and an end none has two outcomes`, async () => {
  const sql = db.database.workerSql
  const runs = await startRuns(RACES)
  const outcomes = { succeeded: 0, cancelled: 0 }
  const race = async ({ jobId, runId }: Started, i: number) => {
    const fence = { runId, leaseEpoch: 1 }
    // Every third trainer was about to be given back, as on a shutdown, rather than done.
    const end = () => (i % 3 === 0 ? release(sql, fence, 'preempt') : complete(sql, fence, { result: RESULT }))
    const [cancelled, ended] =
      i % 2 === 0 ? await Promise.all([cancelJob(sql, jobId), end()]) : (await Promise.all([end(), cancelJob(sql, jobId)])).reverse()
    return { runId, cancelled: (cancelled as readonly unknown[]).length > 0, ended: ended as string | null }
  }
  const results = new Map<string, { cancelled: boolean; ended: string | null }>()
  const lanes = Array.from({ length: AT_ONCE }, async (_, lane) => {
    for (let i = lane; i < runs.length; i += AT_ONCE) {
      const run = runs[i]
      if (run !== undefined) results.set(run.runId, await race(run, i))
    }
  })
  await Promise.all(lanes)
  const rows = await sql.query<{ id: string; state: string; requested: boolean; job: string }>(
    `SELECT r.id, r.state, r.cancel_requested_at IS NOT NULL AS requested, j.state AS job FROM runs r JOIN jobs j ON j.id = r.job_id`,
    [],
  )
  expect(rows).toHaveLength(RACES)
  for (const { id, state, requested, job } of rows) {
    const { cancelled, ended } = results.get(id) ?? { cancelled: null, ended: null }
    // Who was told that the cancellation was accepted sees it cancelled; who was told of success keeps it.
    expect({ id, state, requested, job }).toEqual({ id, state: cancelled ? 'cancelled' : ended, requested: cancelled, job: state })
    outcomes[state as keyof typeof outcomes]++
  }
  // Both came first often enough for the question to have been asked.
  expect(Math.min(outcomes.succeeded, outcomes.cancelled)).toBeGreaterThan(RACES / 100)
})
