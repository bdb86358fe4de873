// Requirement 10: a statement that was executed and whose answer was lost is sent again, at every place where something is written. Whatever that
// place does with the second answer, the tables are those of one execution.

import { newUuid, type RunPlan, type RunResult } from '@trainyard/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as idempotency from '../idempotency.repository.ts'
import * as jobs from '../jobs.repository.ts'
import { ANY_CONFIG, claimRun, createProject, openTestDatabase, submitRun, type TestDatabase } from '../test-database.ts'
import { announceDue, publishOutbox, redispatch } from './dispatch.ts'
import { flush, recordPlan } from './flush.ts'
import {
  type ClaimedRun,
  cancelJob,
  claim,
  claimNext,
  complete,
  crash,
  expireLeases,
  fail,
  pauseJob,
  postpone,
  recordCheckpoint,
  release,
  resumeJob,
} from './state.ts'

let db: TestDatabase
let projectId: string

beforeAll(async () => {
  db = await openTestDatabase(4)
  projectId = await createProject(db.database)
})
afterAll(() => db.close())

const RESULT: RunResult = { kind: 'predict', predictions: [] }
const FAILURE = { category: 'data', code: 'diverged', message: 'The loss is NaN.', hint: 'Lower the learning rate.' } as const
const PLAN: RunPlan = {
  backend: 'reference',
  parameters: 1,
  trainable_parameters: 1,
  flops_per_step: 1,
  memory_bytes: 1,
  total_steps: 1,
  steps_per_epoch: 1,
}
const checkpoint = (kind: 'periodic' | 'final') => ({
  id: newUuid(),
  kind,
  step: 3,
  epoch: 1,
  objectKey: newUuid(),
  bytes: 1,
  sha256: 'ab'.repeat(32),
  metrics: {},
})

type Place = (run: ClaimedRun) => Promise<() => Promise<unknown>>
const sql = () => db.database.workerSql
const now = (run: ClaimedRun, change: string) => sql().query(`UPDATE runs SET ${change} WHERE id = $1::uuid`, [run.runId])

/** Place → how to get there, and the statement that is sent twice. */
const PLACES: Record<string, Place> = {
  flush: async (run) => {
    const points = [1, 2].map((step) => ({ name: 'train/loss', step, value: 1 / step }))
    const events = [{ id: newUuid(), type: 'note', message: 'Once.' }]
    return () =>
      flush(sql(), run, { ttlMs: 60_000, points, events, progress: { phase: 'training', step: 2, epoch: 0, samplesPerSecond: 1 } })
  },
  recordPlan: async (run) => () => recordPlan(sql(), run, { plan: PLAN, fingerprint: 'f', totalEpochs: 1 }),
  recordCheckpoint: async (run) => {
    const file = checkpoint('periodic')
    return () => recordCheckpoint(sql(), run, file)
  },
  complete: async (run) => {
    const file = checkpoint('final')
    return () => complete(sql(), run, { result: RESULT, checkpoint: file, lastStep: 3 })
  },
  fail: async (run) => () => fail(sql(), run, FAILURE),
  crash: async (run) => () => crash(sql(), run, 'The trainer was killed by SIGSEGV.'),
  preempt: async (run) => () => release(sql(), run, 'preempt'),
  postpone: async (run) => () => postpone(sql(), run, 'The storage is full.', 60_000),
  'expire leases': async (run) => {
    await now(run, "lease_expires_at = now() - interval '1 second'")
    return () => expireLeases(sql(), 10)
  },
  'cancel, running': async (run) => () => cancelJob(sql(), run.jobId),
  'cancel, then its end': async (run) => {
    await cancelJob(sql(), run.jobId)
    return () => release(sql(), run, 'cancel')
  },
  'pause, running': async (run) => () => pauseJob(sql(), run.jobId),
  'pause, then its beginning': async (run) => {
    await pauseJob(sql(), run.jobId)
    return () => release(sql(), run, 'pause')
  },
  'pause, waiting': async (run) => {
    await release(sql(), run, 'preempt')
    return () => pauseJob(sql(), run.jobId)
  },
  resume: async (run) => {
    await pauseJob(sql(), run.jobId)
    await release(sql(), run, 'pause')
    return () => resumeJob(sql(), run.jobId)
  },
  claim: async (run) => {
    await release(sql(), run, 'preempt')
    return () => claim(sql(), { runId: run.runId, owner: 'w', ttlMs: 60_000 })
  },
  'claim next': async (run) => {
    await release(sql(), run, 'preempt')
    return () => claimNext(db.database, { owner: 'w', ttlMs: 60_000 })
  },
  'announce what is due': async (run) => {
    await postpone(sql(), run, 'The storage is full.', 1)
    await now(run, "not_before = now() - interval '1 second'")
    return () => announceDue(sql(), 10)
  },
  redispatch: async (run) => {
    await release(sql(), run, 'preempt')
    return () => redispatch(sql(), [{ run_id: run.runId, dispatch_seq: 2 }])
  },
  'publish the outbox': async () => () => db.database.asWorker((tx) => publishOutbox(tx, 100, async () => {})),
  submit: async (run) => {
    const request = { projectId, key: newUuid(), operation: 'POST /v1/jobs', bodyHash: 'b' }
    const input = { projectId, kind: 'predict' as const, name: run.runId, config: {}, runs: [ANY_CONFIG] }
    return () =>
      db.database.withProject(projectId, (tx) =>
        idempotency.once(tx, request, async () => ({ status: 201, body: (await jobs.submit(tx, input)).id })),
      )
  },
}

/** All rows of the project, and of times only whether they are set. */
async function tables(): Promise<string> {
  const names = ['jobs', 'runs', 'attempts', 'run_events', 'outbox', 'metric_series', 'metric_points', 'checkpoints', 'idempotency_keys']
  const contents = []
  for (const name of names) {
    const rows = await sql().query<{ row: Record<string, unknown> }>(`SELECT to_jsonb(t) AS row FROM ${name} t ORDER BY t::text`, [])
    const withoutTimes = rows.map(({ row }) =>
      Object.entries(row).map(([key, value]) => [key, /_at$|^not_before$/.test(key) ? value !== null : value]),
    )
    contents.push(withoutTimes.map((row) => JSON.stringify(row)).sort())
  }
  return JSON.stringify(contents)
}

test.each(Object.keys(PLACES))('requirement 10: %s, sent again after its answer was lost', async (name) => {
  await sql().query('DELETE FROM jobs', [])
  const { runId } = await submitRun(db.database, projectId)
  const send = await PLACES[name]?.(await claimRun(db.database, runId))
  const before = await tables()
  await send?.()
  const once = await tables()
  expect(once).not.toBe(before)
  await send?.()
  expect(await tables()).toBe(once)
})
