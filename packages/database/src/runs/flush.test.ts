import { newUuid } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as metrics from '../metrics.repository.ts'
import { sqlOfTransaction } from '../sql.ts'
import { claimRun, createProject, findRun, openTestDatabase, readEvents, startRun, submitRun, type TestDatabase } from '../test-database.ts'
import { type FlushInput, flush, recordPlan } from './flush.ts'
import { type ClaimedRun, cancelJob, crash } from './state.ts'

let db: TestDatabase
let projectId: string

beforeAll(async () => {
  db = await openTestDatabase()
  projectId = await createProject(db.database)
})
afterAll(() => db.close())

const write = (run: ClaimedRun, input: Partial<FlushInput>) => flush(db.database.workerSql, run, { ttlMs: 60_000, ...input })
const read = (runId: string, maxPoints = 1000) => db.database.asWorker((tx) => metrics.read(tx, { runId, maxPoints }))
const loss = (...values: number[]) => values.map((value, i) => ({ name: 'loss', step: i + 1, value }))

test('one statement writes progress, points and events', async () => {
  const run = await startRun(db.database, projectId)
  const result = await write(run, {
    progress: { phase: 'training', step: 3, epoch: 0.5, samplesPerSecond: 1000 },
    points: [...loss(3, 2, 1), { name: 'accuracy', step: 3, value: 0.9 }],
    events: [
      { id: newUuid(), type: 'note', message: 'One.' },
      { id: newUuid(), type: 'note', message: 'Two.', data: { n: 2 } },
    ],
  })
  expect(result).toEqual({ cancelRequested: false, pauseRequested: false, inserted: 4, differing: 0, firstDifference: null })
  expect(await findRun(db.database, run.runId)).toMatchObject({ lastStep: 3, phase: 'training', epoch: 0.5, samplesPerSecond: 1000 })
  expect((await read(run.runId)).map(({ name, lastStep, points }) => [name, lastStep, points.map((point) => point.value)])).toEqual([
    ['accuracy', 3, [0.9]],
    ['loss', 3, [3, 2, 1]],
  ])
  expect((await readEvents(db.database, run.runId)).slice(2).map((event) => event.message)).toEqual(['One.', 'Two.'])
})

test('a write that is repeated because its reply was lost adds nothing', async () => {
  const run = await startRun(db.database, projectId)
  const input = { points: loss(3, 2), events: [{ id: newUuid(), type: 'note', message: 'Once.' }] }
  await write(run, input)
  expect(await write(run, input)).toMatchObject({ inserted: 0, differing: 0 })
  expect((await readEvents(db.database, run.runId)).filter((event) => event.message === 'Once.')).toHaveLength(1)
})

test('a series may have any name', async () => {
  const run = await startRun(db.database, projectId)
  await write(run, { points: ['__proto__', 'constructor', 'a"b{},\\', 'é'].map((name) => ({ name, step: 1, value: 7 })) })
  expect((await read(run.runId)).map((series) => series.name).sort()).toEqual(['__proto__', 'a"b{},\\', 'constructor', 'é'])
})

test('NaN, infinities, -0 and the ends of the range come back bit by bit', async () => {
  const run = await startRun(db.database, projectId)
  const values = [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, 0.1, 1 / 3, -1e-7]
  await write(run, { points: loss(...values) })
  const [series] = await read(run.runId)
  expect(series?.points.map((point) => point.value)).toEqual(values)
  expect(await write(run, { points: loss(...values) })).toMatchObject({ inserted: 0, differing: 0 })
})

describe('after the fence has moved on', () => {
  test('nothing is written', async () => {
    const { runId } = await submitRun(db.database, projectId)
    const old = await claimRun(db.database, runId)
    await write(old, { points: loss(1) })
    await crash(db.database.workerSql, old, 'On purpose.')
    const current = await claimRun(db.database, runId)
    const before = [await findRun(db.database, runId), await readEvents(db.database, runId), await read(runId)]
    const late: Partial<FlushInput> = {
      progress: { phase: 'saving', step: 99, epoch: 9, samplesPerSecond: 9 },
      points: [...loss(5, 6), { name: 'other', step: 1, value: 1 }],
      events: [{ id: newUuid(), type: 'late', message: 'From the grave.' }],
    }
    expect(await write(old, late)).toBeNull()
    expect([await findRun(db.database, runId), await readEvents(db.database, runId), await read(runId)]).toEqual(before)
    expect(await write(current, {})).not.toBeNull()
    const plan = {
      backend: 'reference',
      parameters: 1,
      trainable_parameters: 1,
      flops_per_step: 1,
      memory_bytes: 1,
      total_steps: 7,
      steps_per_epoch: 1,
    } as const
    expect(await recordPlan(db.database.workerSql, old, { plan, fingerprint: 'old', totalEpochs: 1 })).toBe(false)
    expect(await recordPlan(db.database.workerSql, current, { plan, fingerprint: 'new', totalEpochs: 1 })).toBe(true)
    expect(await findRun(db.database, runId)).toMatchObject({ plan, fingerprint: 'new', totalSteps: 7, totalEpochs: 1 })
  })
})

describe('replay after a resume', () => {
  test('equal bits are no difference and no second row', async () => {
    const run = await startRun(db.database, projectId)
    await write(run, { points: loss(1, Number.NaN, -0) })
    expect(await write(run, { points: [...loss(1, Number.NaN, -0), { name: 'loss', step: 4, value: 4 }] })).toMatchObject({
      inserted: 1,
      differing: 0,
    })
    expect((await read(run.runId))[0]?.points).toHaveLength(4)
  })

  test('other bits are reported and the stored ones stay, unless they are superseded', async () => {
    const run = await startRun(db.database, projectId)
    await write(run, { points: loss(1, -0, 3) })
    const other = loss(1, 0, 4, 5)
    expect(await write(run, { points: other })).toMatchObject({
      inserted: 1,
      differing: 2,
      firstDifference: { name: 'loss', step: 2, stored: -0, value: 0 },
    })
    expect((await read(run.runId))[0]?.points.map((point) => point.value)).toEqual([1, -0, 3, 5])
    expect(await write(run, { points: other, onDifference: 'supersede' })).toMatchObject({ inserted: 0, differing: 2 })
    expect((await read(run.runId))[0]?.points.map((point) => point.value)).toEqual([1, 0, 4, 5])
  })
})

test('cancel reaches the trainer with the next flush', async () => {
  const { jobId, runId } = await submitRun(db.database, projectId)
  const run = await claimRun(db.database, runId)
  expect(await write(run, {})).toMatchObject({ cancelRequested: false })
  expect(await db.database.withProject(projectId, (tx) => cancelJob(sqlOfTransaction(tx), jobId))).toEqual([{ runId, state: 'running' }])
  expect(await write(run, {})).toMatchObject({ cancelRequested: true })
})

test('the lease is extended only when asked to be', async () => {
  const run = await startRun(db.database, projectId, { ttlMs: 1000 })
  const before = (await findRun(db.database, run.runId)).leaseExpiresAt
  await write(run, { ttlMs: null, points: loss(1) })
  expect((await findRun(db.database, run.runId)).leaseExpiresAt).toEqual(before)
  await write(run, { ttlMs: 3_600_000 })
  expect((await findRun(db.database, run.runId)).leaseExpiresAt?.getTime()).toBeGreaterThan((before?.getTime() ?? 0) + 3_000_000)
})

test('buckets keep every spike', async () => {
  const run = await startRun(db.database, projectId)
  const values = Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1e6 : i === 700 ? Number.NaN : i === 900 ? -Infinity : i))
  await write(run, { points: loss(...values) })
  const [series] = await read(run.runId, 10)
  expect(series?.points).toHaveLength(10)
  expect(series?.points.map((point) => point.count)).toEqual(Array.from({ length: 10 }, () => 100))
  expect(series?.points[5]).toEqual({ step: 600, value: 599, min: 501, max: 1e6, count: 100, nonFinite: 0 })
  expect(series?.points.map((point) => point.nonFinite)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 1])
  const later = await db.database.asWorker((tx) =>
    metrics.read(tx, { runId: run.runId, maxPoints: 10, afterStep: 995, names: ['loss', 'none'] }),
  )
  expect(later.map(({ name, points }) => [name, points.map((point) => point.step)])).toEqual([['loss', [996, 997, 998, 999, 1000]]])
  const none = await db.database.asWorker((tx) => metrics.read(tx, { runId: run.runId, maxPoints: 10, afterStep: 1000 }))
  expect(none).toEqual([{ name: 'loss', lastStep: 1000, points: [] }])
})
