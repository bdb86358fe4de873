import { setTimeout as sleep } from 'node:timers/promises'
import { type DatasetManifest, newUuid, prepareOptionsSchema, type RunConfig, type RunResult, runStateSchema } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as datasetVersions from '../dataset-versions.repository.ts'
import * as datasets from '../datasets.repository.ts'
import * as jobs from '../jobs.repository.ts'
import { sqlOfTransaction } from '../sql.ts'
import { claimRun, createProject, findRun, openTestDatabase, readEvents, startRun, submitRun, type TestDatabase } from '../test-database.ts'
import { announceDue } from './dispatch.ts'
import { flush } from './flush.ts'
import {
  type ClaimedRun,
  CRASH_LIMIT,
  cancelJob,
  claim,
  complete,
  crash,
  expireLeases,
  fail,
  LOST_LIMIT,
  type NewCheckpoint,
  pauseJob,
  postpone,
  recordCheckpoint,
  release,
  resumeJob,
} from './state.ts'
import { TRANSITIONS } from './transitions.ts'

let db: TestDatabase
let projectId: string

beforeAll(async () => {
  db = await openTestDatabase(20)
  projectId = await createProject(db.database)
})
afterAll(() => db.close())

const result: RunResult = { kind: 'predict', predictions: [] }
const failure = { category: 'data', code: 'diverged', message: 'The loss is NaN at step 7.', hint: 'Lower the learning rate.' } as const

const checkpointAt = (step: number): NewCheckpoint => {
  const id = newUuid()
  return {
    id,
    kind: 'periodic',
    step,
    epoch: step / 10,
    objectKey: `checkpoints/${id}`,
    bytes: 10,
    sha256: 'ab'.repeat(32),
    metrics: { loss: 'NaN' },
  }
}

const findJob = async (jobId: string) => {
  const job = await jobs.find(db.database.projectSql(projectId), jobId)
  if (job === null) throw new Error('the job is gone')
  return job
}
const cancel = (jobId: string) => db.database.withProject(projectId, (tx) => cancelJob(sqlOfTransaction(tx), jobId))
const lastEvent = async (runId: string) => (await readEvents(db.database, runId)).at(-1)
const pendingMessages = (runId: string) =>
  db.database.asWorker((tx) => tx.outbox.findMany({ where: { runId }, select: { dispatchSeq: true }, orderBy: { dispatchSeq: 'asc' } }))

test('the database and the exported table allow the same transitions', async () => {
  const states = runStateSchema.options
  for (const from of states) {
    const rows = await db.database.workerSql.query<{ state: string }>(
      'SELECT state FROM unnest(enum_range(NULL::run_state)) AS s (state) WHERE run_transition_allowed($1::run_state, state)',
      [from],
    )
    expect(rows.map((row) => row.state).sort()).toEqual([...TRANSITIONS[from]].sort())
  }
  const [row] = await db.database.workerSql.query<{ states: string[] }>('SELECT enum_range(NULL::run_state)::text[] AS states', [])
  expect([...(row?.states ?? [])].sort()).toEqual([...states].sort())
})

describe('a final run', () => {
  const ends: Record<string, (run: ClaimedRun) => Promise<unknown>> = {
    succeeded: (run) => complete(db.database.workerSql, run, { result }),
    failed: (run) => fail(db.database.workerSql, run, failure),
    cancelled: async (run) => {
      await cancel(run.jobId)
      await release(db.database.workerSql, run, 'cancel')
    },
  }
  test.each(Object.keys(ends))('that has %s never changes again', async (state) => {
    const run = await startRun(db.database, projectId)
    await ends[state]?.(run)
    const before = await findRun(db.database, run.runId)
    expect(before).toMatchObject({ state, leaseOwner: null, leaseExpiresAt: null, phase: null })
    const sql = db.database.workerSql
    expect(await flush(sql, run, { ttlMs: 1 })).toBeNull()
    expect(await complete(sql, run, { result })).toBeNull()
    expect(await fail(sql, run, failure)).toBeNull()
    expect(await crash(sql, run, 'Late.')).toBeNull()
    expect(await release(sql, run, 'preempt')).toBeNull()
    expect(await recordCheckpoint(sql, run, checkpointAt(1))).toBe(false)
    expect(await claim(sql, { runId: run.runId, owner: 'late', ttlMs: 1 })).toBeNull()
    expect(await cancel(run.jobId)).toEqual([])
    for (const change of ["state = 'running'", 'last_step = 5', 'updated_at = now()', "failure = '{}'"]) {
      await expect(sql.query(`UPDATE runs SET ${change} WHERE id = $1::uuid`, [run.runId])).rejects.toThrow(`is ${state}, which is final`)
    }
    expect(await findRun(db.database, run.runId)).toEqual(before)
  })
})

test('a forbidden transition is refused, and so is a change of what a run is', async () => {
  const { runId } = await submitRun(db.database, projectId)
  const update = (change: string) => db.database.workerSql.query(`UPDATE runs SET ${change} WHERE id = $1::uuid`, [runId])
  await expect(update(`state = 'succeeded', result = '{}', finished_at = now()`)).rejects.toThrow('cannot go from queued to succeeded')
  await expect(update(`config = '{}'`)).rejects.toThrow('never change')
  await expect(update(`state = 'running'`)).rejects.toThrow('runs_running_has_lease')
})

describe('complete', () => {
  test('writes result, final checkpoint, attempt, event and the state of the job at once', async () => {
    const run = await startRun(db.database, projectId)
    const checkpoint = { ...checkpointAt(12), kind: 'final' as const }
    expect(await complete(db.database.workerSql, run, { result, lastStep: 12, checkpoint })).toBe('succeeded')
    const job = await findJob(run.jobId)
    expect(job).toMatchObject({ state: 'succeeded', result })
    expect(job.finishedAt).not.toBeNull()
    expect(job.runs).toMatchObject([{ state: 'succeeded', lastStep: 12, result }])
    expect(await findRun(db.database, run.runId)).toMatchObject({ state: 'succeeded', lastStep: 12, checkpointId: checkpoint.id })
    const attempts = await db.database.asWorker((tx) => tx.attempt.findMany({ where: { runId: run.runId } }))
    expect(attempts).toMatchObject([{ outcome: 'succeeded', lastStep: 12n }])
    expect(await lastEvent(run.runId)).toEqual({ type: 'succeeded', message: 'Finished.' })
  })

  test('a run whose cancellation was requested never succeeds', async () => {
    const asked = await startRun(db.database, projectId)
    await cancel(asked.jobId)
    expect(await complete(db.database.workerSql, asked, { result })).toBe('cancelled')
    expect(await findRun(db.database, asked.runId)).toMatchObject({ state: 'cancelled', result: null })
  })

  test('and a cancellation at the same moment agree on one outcome', async () => {
    for (let i = 0; i < 40; i++) {
      const run = await startRun(db.database, projectId)
      const [cancelled, end] = await Promise.all([
        cancel(run.jobId),
        sleep(i % 20).then(() => complete(db.database.workerSql, run, { result })),
      ])
      const { state, cancelRequestedAt } = await findRun(db.database, run.runId)
      expect(state).toBe(end)
      expect(cancelRequestedAt === null).toBe(cancelled.length === 0)
      expect(state).toBe(cancelRequestedAt === null ? 'succeeded' : 'cancelled')
      expect((await findJob(run.jobId)).state).toBe(state)
    }
  })
})

describe('cancel', () => {
  test('ends a queued run at once', async () => {
    const { jobId, runId } = await submitRun(db.database, projectId)
    expect(await cancel(jobId)).toEqual([{ runId, state: 'cancelled' }])
    const job = await findJob(jobId)
    expect(job.state).toBe('cancelled')
    expect(job.cancelRequestedAt).not.toBeNull()
    expect(await claim(db.database.workerSql, { runId, owner: 'late', ttlMs: 1000 })).toBeNull()
    expect(await cancel(jobId)).toEqual([])
  })

  test('and a claim at the same moment agree on one outcome', async () => {
    for (let i = 0; i < 40; i++) {
      const { jobId, runId } = await submitRun(db.database, projectId)
      const [, claimed] = await Promise.all([
        cancel(jobId),
        sleep(i % 20).then(() => claim(db.database.workerSql, { runId, owner: 'w', ttlMs: 60_000 })),
      ])
      const run = await findRun(db.database, runId)
      expect(run.cancelRequestedAt).not.toBeNull()
      expect(run.state).toBe(claimed === null ? 'cancelled' : 'running')
    }
  })
})

describe('crash', () => {
  test('queues again until the limit, then fails with the reason', async () => {
    const { runId, jobId } = await submitRun(db.database, projectId)
    for (let i = 1; i < CRASH_LIMIT; i++) {
      expect(await crash(db.database.workerSql, await claimRun(db.database, runId), 'The trainer was killed by SIGSEGV.')).toBe('queued')
      expect(await lastEvent(runId)).toEqual({
        type: 'requeued',
        message: 'The trainer was killed by SIGSEGV. Queued again.',
      })
    }
    expect(await crash(db.database.workerSql, await claimRun(db.database, runId), 'The trainer was killed by SIGSEGV.')).toBe('failed')
    const job = await findJob(jobId)
    expect(job).toMatchObject({ state: 'failed', failure: { category: 'engine', code: 'crash_limit' } })
    expect(job.failure?.message).toContain('SIGSEGV')
    expect(await pendingMessages(runId)).toEqual([{ dispatchSeq: 1 }, { dispatchSeq: 2 }, { dispatchSeq: 3 }])
  })

  test('a checkpoint or an event that is recorded twice, since the first reply was lost, is one', async () => {
    const run = await startRun(db.database, projectId)
    const checkpoint = checkpointAt(10)
    expect(await recordCheckpoint(db.database.workerSql, run, checkpoint)).toBe(true)
    expect(await recordCheckpoint(db.database.workerSql, run, checkpoint)).toBe(true)
    const event = { id: newUuid(), type: 'note', message: 'Once.' }
    for (const events of [[event], [event, { ...event, id: newUuid() }]]) await flush(db.database.workerSql, run, { ttlMs: 60_000, events })
    expect((await readEvents(db.database, run.runId)).map(({ type }) => type)).toEqual(['queued', 'started', 'checkpoint', 'note', 'note'])
  })

  test('is forgiven by a new checkpoint, not by one that is no further', async () => {
    const { runId } = await submitRun(db.database, projectId)
    await crash(db.database.workerSql, await claimRun(db.database, runId), 'One.')
    const second = await claimRun(db.database, runId)
    expect(await recordCheckpoint(db.database.workerSql, second, checkpointAt(10))).toBe(true)
    expect((await findRun(db.database, runId)).crashCount).toBe(0)
    await crash(db.database.workerSql, second, 'Two.')
    const third = await claimRun(db.database, runId)
    expect(third.checkpoints.map((checkpoint) => checkpoint.step)).toEqual([10])
    await recordCheckpoint(db.database.workerSql, third, checkpointAt(10))
    expect((await findRun(db.database, runId)).crashCount).toBe(1)
  })
})

describe('release', () => {
  test('for a shutdown queues again and counts no crash', async () => {
    const run = await startRun(db.database, projectId)
    expect(await release(db.database.workerSql, run, 'preempt')).toBe('queued')
    expect(await findRun(db.database, run.runId)).toMatchObject({ state: 'queued', crashCount: 0, dispatchSeq: 2, leaseOwner: null })
    expect((await findJob(run.jobId)).state).toBe('queued')
    expect(await claimRun(db.database, run.runId)).toMatchObject({ leaseEpoch: 2, attempt: 2 })
  })

  test('for a pause pauses; a requested cancellation comes first', async () => {
    const paused = await startRun(db.database, projectId)
    expect(await release(db.database.workerSql, paused, 'pause')).toBe('paused')
    const cancelled = await startRun(db.database, projectId)
    await cancel(cancelled.jobId)
    expect(await release(db.database.workerSql, cancelled, 'preempt')).toBe('cancelled')
    expect(await cancel(paused.jobId)).toEqual([{ runId: paused.runId, state: 'cancelled' }])
  })
})

describe('pause and resume', () => {
  const pause = (jobId: string) => db.database.withProject(projectId, (tx) => pauseJob(sqlOfTransaction(tx), jobId))
  const resume = (jobId: string) => db.database.withProject(projectId, (tx) => resumeJob(sqlOfTransaction(tx), jobId))

  test('of a waiting run happen at once', async () => {
    const { jobId, runId } = await submitRun(db.database, projectId)
    expect(await pause(jobId)).toEqual([{ runId, state: 'paused' }])
    expect(await pause(jobId)).toEqual([])
    expect((await findJob(jobId)).state).toBe('paused')
    expect(await claim(db.database.workerSql, { runId, owner: 'w', ttlMs: 1000 })).toBeNull()
    expect(await resume(jobId)).toEqual([{ runId, state: 'queued' }])
    expect(await resume(jobId)).toEqual([])
    expect(await pendingMessages(runId)).toEqual([{ dispatchSeq: 1 }, { dispatchSeq: 2 }])
    expect(await claimRun(db.database, runId)).toMatchObject({ leaseEpoch: 1 })
  })

  test('of a running run wait for its trainer, and may be withdrawn', async () => {
    const run = await startRun(db.database, projectId)
    expect(await pause(run.jobId)).toEqual([{ runId: run.runId, state: 'running' }])
    expect(await flush(db.database.workerSql, run, { ttlMs: 60_000 })).toMatchObject({ pauseRequested: true })
    expect(await resume(run.jobId)).toEqual([{ runId: run.runId, state: 'running' }])
    expect(await flush(db.database.workerSql, run, { ttlMs: 60_000 })).toMatchObject({ pauseRequested: false })
    await pause(run.jobId)
    expect(await release(db.database.workerSql, run, 'pause')).toBe('paused')
    expect(await resume(run.jobId)).toEqual([{ runId: run.runId, state: 'queued' }])
    expect(await claimRun(db.database, run.runId)).toMatchObject({ leaseEpoch: 2 })
    expect((await readEvents(db.database, run.runId)).map(({ type }) => type)).toEqual([
      'queued',
      'started',
      'pause_requested',
      'pause_withdrawn',
      'pause_requested',
      'paused',
      'queued',
      'started',
    ])
  })

  test('a pause that was requested survives a crash, a lost lease and a shutdown', async () => {
    const ways: Record<string, (run: ClaimedRun) => Promise<unknown>> = {
      'The trainer died.': (run) => crash(db.database.workerSql, run, 'The trainer died.'),
      'The worker is shutting down.': (run) => release(db.database.workerSql, run, 'preempt'),
      'The storage is full.': (run) => postpone(db.database.workerSql, run, 'The storage is full.', 1000),
    }
    for (const [reason, leave] of Object.entries(ways)) {
      const run = await startRun(db.database, projectId)
      await pause(run.jobId)
      expect(await leave(run)).toBe('paused')
      expect(await lastEvent(run.runId)).toEqual({ type: 'paused', message: `${reason} Paused as requested.` })
      expect(await pendingMessages(run.runId)).toEqual([{ dispatchSeq: 1 }])
    }
    const lost = await startRun(db.database, projectId, { ttlMs: 1 })
    await pause(lost.jobId)
    await sleep(20)
    expect(await expireLeases(db.database.workerSql, 100)).toEqual([{ runId: lost.runId, state: 'paused' }])
  })

  test('do nothing to a job that is to be cancelled, or has ended', async () => {
    const run = await startRun(db.database, projectId)
    await cancel(run.jobId)
    expect(await pause(run.jobId)).toEqual([])
    await release(db.database.workerSql, run, 'cancel')
    expect([await pause(run.jobId), await resume(run.jobId)]).toEqual([[], []])
  })
})

describe('a run that is postponed', () => {
  test('waits its time, is announced then, and no crash is counted', async () => {
    const run = await startRun(db.database, projectId)
    expect(await postpone(db.database.workerSql, run, 'The storage is full.', 300)).toBe('queued')
    expect(await lastEvent(run.runId)).toEqual({ type: 'requeued', message: 'The storage is full. Tried again in 0 s.' })
    expect(await pendingMessages(run.runId)).toEqual([{ dispatchSeq: 1 }])
    expect(await claim(db.database.workerSql, { runId: run.runId, owner: 'w', ttlMs: 1000 })).toBeNull()
    expect(await announceDue(db.database.workerSql, 100)).toBe(0)
    await sleep(320)
    expect(await announceDue(db.database.workerSql, 100)).toBe(1)
    expect(await findRun(db.database, run.runId)).toMatchObject({ state: 'queued', crashCount: 0, lostCount: 0, notBefore: null })
    expect(await claimRun(db.database, run.runId)).toMatchObject({ leaseEpoch: 2 })
  })
})

test('the time that a run has been running adds up over its attempts', async () => {
  const { runId } = await submitRun(db.database, projectId)
  await db.database.workerSql.query('UPDATE runs SET max_runtime_s = 10 WHERE id = $1::uuid', [runId])
  const first = await claimRun(db.database, runId)
  expect(first.runtimeMsLeft).toBe(10_000)
  await sleep(60)
  await release(db.database.workerSql, first, 'preempt')
  await sleep(60)
  const second = await claimRun(db.database, runId)
  const { runtimeMs } = await findRun(db.database, runId)
  expect(runtimeMs).toBeGreaterThanOrEqual(60)
  expect(second.runtimeMsLeft).toBe(10_000 - runtimeMs)
})

describe('expired leases', () => {
  test('are found by the clock of the database, once, and lead to queued, cancelled or failed', async () => {
    const lost = await startRun(db.database, projectId, { ttlMs: 1 })
    const asked = await startRun(db.database, projectId, { ttlMs: 1 })
    await cancel(asked.jobId)
    const poison = await startRun(db.database, projectId, { ttlMs: 1 })
    await db.database.workerSql.query('UPDATE runs SET lost_count = $2 WHERE id = $1::uuid', [poison.runId, LOST_LIMIT - 1])
    const live = await startRun(db.database, projectId)
    await sleep(20)
    const rounds = await Promise.all(Array.from({ length: 5 }, () => expireLeases(db.database.workerSql, 100)))
    const byRun = (a: { runId: string }, b: { runId: string }) => a.runId.localeCompare(b.runId)
    expect(rounds.flat().sort(byRun)).toEqual(
      [
        { runId: lost.runId, state: 'queued' },
        { runId: asked.runId, state: 'cancelled' },
        { runId: poison.runId, state: 'failed' },
      ].sort(byRun),
    )
    expect((await findRun(db.database, poison.runId)).failure).toMatchObject({ category: 'infrastructure', code: 'crash_limit' })
    expect((await findRun(db.database, live.runId)).state).toBe('running')
    expect(await pendingMessages(lost.runId)).toEqual([{ dispatchSeq: 1 }, { dispatchSeq: 2 }])
    expect(await flush(db.database.workerSql, lost, { ttlMs: 1 })).toBeNull()
  })
})

describe('a preparation', () => {
  const manifest: DatasetManifest = {
    format: 1,
    digest: 'cd'.repeat(32),
    input: { kind: 'features', shape: [2], dtype: 'float32', columns: ['a', 'b'] },
    target: { kind: 'class', classes: ['no', 'yes'] },
    splits: {
      train: { rows: 4, shards: [{ key: 'datasets/x/train-0', rows: 4, bytes: 64, sha256: 'ef'.repeat(32) }] },
      test: { rows: 2, shards: [{ key: 'datasets/x/test-0', rows: 2, bytes: 32, sha256: 'ef'.repeat(32) }] },
    },
    normalization: { scale: 1, mean: [0, 0], std: [1, 1] },
  }

  async function submitVersion() {
    const versionId = newUuid()
    const config: RunConfig = {
      kind: 'prepare',
      dataset_version_id: versionId,
      sources: [{ role: 'file', key: `uploads/${versionId}`, file_name: 'xor.csv', bytes: 20 }],
      options: prepareOptionsSchema.parse({ test_fraction: 0.2 }),
    }
    const datasetId = await db.database.withProject(projectId, async (tx) => {
      const dataset = await datasets.create(tx, { projectId, name: 'xor', description: '' })
      const job = await jobs.submit(tx, { projectId, kind: 'prepare', name: null, config: {}, runs: [config] })
      const uploads = [
        { role: 'file' as const, fileName: 'xor.csv', objectKey: `uploads/${versionId}`, bytes: 20, sha256: 'ab'.repeat(32) },
      ]
      const version = await datasetVersions.create(tx, { id: versionId, projectId, datasetId: dataset.id, jobId: job.id, uploads })
      expect(version).toMatchObject({ version: 1, status: 'preparing', uploadedBytes: 20 })
      return dataset.id
    })
    const find = () => db.database.withProject(projectId, (tx) => datasetVersions.find(tx, versionId))
    const version = await find()
    const runId = (await findJob(version?.jobId ?? '')).runs[0]?.id ?? ''
    return { datasetId, versionId, runId, jobId: version?.jobId ?? '', find }
  }

  test('makes its version ready', async () => {
    const { datasetId, versionId, runId, find } = await submitVersion()
    const run = await claimRun(db.database, runId)
    const completion = { result: { kind: 'prepare', rows: 6, digest: manifest.digest } as const, manifest }
    expect(await complete(db.database.workerSql, run, completion)).toBe('succeeded')
    expect(await find()).toMatchObject({ status: 'ready', manifest, digest: manifest.digest, rows: 6, bytes: 96, failure: null })
    await db.database.withProject(projectId, async (tx) => {
      expect((await datasetVersions.findLatest(tx, datasetId))?.id).toBe(versionId)
      expect((await datasets.find(tx, datasetId))?.latestVersionId).toBe(versionId)
    })
    expect(await datasetVersions.findManifest(db.database.workerSql, versionId)).toEqual(manifest)
  })

  test('that fails or is cancelled takes its version with it', async () => {
    const failed = await submitVersion()
    await fail(db.database.workerSql, await claimRun(db.database, failed.runId), failure)
    expect(await failed.find()).toMatchObject({ status: 'failed', failure })
    const cancelled = await submitVersion()
    await cancel(cancelled.jobId)
    expect(await cancelled.find()).toMatchObject({
      status: 'failed',
      failure: { category: 'user', message: 'The preparation was cancelled.' },
    })
  })
})
