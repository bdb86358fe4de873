import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { IS_TERMINAL, type RunConfigOf, runConfigSchema } from '@trainyard/contracts'
import { datasetVersions, jobs, retry, runState } from '@trainyard/database'
import { hasRedis, startTestServices, type TestServices } from '@trainyard/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Harness, type WorkerProcess } from './testing/harness.ts'
import { isAlive, trainersOf } from './testing/process-state.ts'
import { digit, digitFiles, lenetRun, XOR_CSV, XOR_OPTIONS, xorRun } from './testing/samples.ts'
import { TrainerInProcess } from './testing/trainer-in-process.ts'

/** Where denormal numbers cost time, they are 0 in a run. */
const hasFlush = process.platform === 'linux' && process.arch === 'x64'

describe.each([{ redis: true }, { redis: false }])('a worker, redis: $redis', ({ redis }) => {
  let services: TestServices
  let harness: Harness
  let xor: string

  beforeAll(async () => {
    if (redis && !hasRedis) return
    services = await startTestServices({ redis })
    harness = await Harness.open(services)
    await harness.startWorker()
    const prepared = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
    expect((await harness.waitForEnd(prepared.runId)).failure).toBeNull()
    xor = prepared.versionId
  })
  afterAll(async () => {
    await harness?.close()
    await services?.stop()
  })

  it.skipIf(redis && !hasRedis).each(['reference', 'onednn'] as const)('learns XOR without an error on %s', async (backend) => {
    const run = await harness.waitForEnd(await harness.submit(xorRun(xor, { backend })))
    expect(run.failure).toBeNull()
    expect(run.fingerprint).toContain(`; denormals ${hasFlush ? 'flushed' : 'kept'}`)
    expect(run.plan).toMatchObject({ backend, parameters: 42, total_steps: 200, steps_per_epoch: 1 })
    const points = await harness.points(run.id)
    expect(points['train/loss']?.map(([step]) => step)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    expect(points['train/accuracy']?.at(-1)).toEqual([200, 1])
    expect(run).toMatchObject({ state: 'succeeded', lastStep: 200, totalSteps: 200, epoch: 200, result: { kind: 'train', steps: 200 } })
    expect(await harness.checkpoints(run.id)).toMatchObject([{ kind: 'final', step: 200 }])
  })
})

describe.skipIf(!hasRedis)('whatever happens to worker and trainer', () => {
  let services: TestServices
  let harness: Harness
  let worker: WorkerProcess
  let xor: string
  /** Some seconds, to be disturbed in: 40,000 steps, a checkpoint every 500. */
  const long = () => xorRun(xor, { epochs: 40_000, log_every_steps: 50, checkpoint: { every_steps: 500 } })
  let undisturbed: { sha256: string; points: unknown }

  const outcome = async (id: string) => ({
    sha256: (await harness.checkpoints(id)).find(({ kind }) => kind === 'final')?.sha256 ?? '',
    points: await harness.points(id),
  })
  /** A run that has a checkpoint behind it and work ahead of it. */
  const startLong = async () => {
    const id = await harness.submit(long())
    await harness.waitFor(id, (run) => run.lastStep >= 1500 && run.checkpointId !== null)
    return id
  }
  /** The one that trains: the reserve behind it is younger. */
  const busyTrainer = () => Math.min(...trainersOf(worker.child.pid ?? 0))
  /** The run has ended before the process of its trainer. */
  const expectGone = (trainer: number) => expect.poll(() => isAlive(trainer), { timeout: 5000 }).toBe(false)

  beforeAll(async () => {
    services = await startTestServices({ redis: true })
    harness = await Harness.open(services)
    worker = await harness.startWorker({ STALL_TIMEOUT_MS: '3000' })
    const prepared = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
    await harness.waitForEnd(prepared.runId)
    xor = prepared.versionId
    const id = await harness.submit(long())
    expect(await harness.waitForEnd(id)).toMatchObject({ state: 'succeeded', leaseEpoch: 1 })
    undisturbed = await outcome(id)
  })
  afterAll(async () => {
    await harness?.close()
    await services?.stop()
  })

  it('requirement 16: cancels a running run soon, and leaves no trainer behind', async () => {
    const id = await startLong()
    const { jobId } = await harness.run(id)
    const trainer = busyTrainer()
    const asked = performance.now()
    await runState.cancelJob(harness.database.workerSql, jobId)
    const run = await harness.waitForEnd(id)
    expect(run.state).toBe('cancelled')
    // What the protocol allows: a look every half second, a grace period of one. The figure is npm run bench:runs.
    expect(performance.now() - asked).toBeLessThan(10_000)
    expect(run.lastStep).toBeLessThan(40_000)
    await expectGone(trainer)
  })

  it('requirements 3 and 4: takes a run up again after its trainer was killed, with the same bits', async () => {
    const id = await startLong()
    process.kill(busyTrainer(), 'SIGKILL')
    const run = await harness.waitForEnd(id)
    expect(run).toMatchObject({ state: 'succeeded', lastStep: 40_000 })
    expect(await harness.events(id)).toContain('resumed')
    expect(await outcome(id)).toEqual(undisturbed)
  })

  it('requirement 19: kills a trainer that hangs, and the run goes on with the same bits', async () => {
    const id = await startLong()
    process.kill(busyTrainer(), 'SIGSTOP')
    const run = await harness.waitForEnd(id)
    expect(run.state).toBe('succeeded')
    expect(run.leaseEpoch).toBe(2)
    expect(await outcome(id)).toEqual(undisturbed)
  })

  it('requirement 18: gives a run back on SIGTERM, without a crash and without losing a step', async () => {
    const id = await startLong()
    await worker.kill('SIGTERM')
    expect(worker.child.exitCode).toBe(0)
    const queued = await harness.run(id)
    expect(queued).toMatchObject({ state: 'queued', crashCount: 0 })
    expect((await harness.checkpoints(id))[0]?.step).toBe(queued.lastStep)
    worker = await harness.startWorker()
    await harness.waitForEnd(id)
    expect(await outcome(id)).toEqual(undisturbed)
  })

  it('requirements 3 and 14: goes on in another worker after a SIGKILL, from the checkpoint before a damaged one', async () => {
    const id = await startLong()
    const trainers = trainersOf(worker.child.pid ?? 0)
    await worker.kill('SIGKILL')
    for (let i = 0; i < 10 && trainers.some(isAlive); i++) await sleep(100)
    expect(trainers.filter(isAlive)).toEqual([])
    const [newest, before] = await harness.checkpoints(id)
    const file = await open(harness.storage.localPath(newest?.objectKey ?? '') ?? '', 'r+')
    await file.write(Buffer.from([0xff]), 0, 1, (newest?.bytes ?? 0) - 2)
    await file.close()
    worker = await harness.startWorker({ STALL_TIMEOUT_MS: '3000' })
    const run = await harness.waitForEnd(id)
    expect(run.state).toBe('succeeded')
    const events = await harness.events(id)
    expect(events).toContain('checkpoint_rejected')
    expect(before?.step).toBeLessThan(newest?.step ?? 0)
    expect(await outcome(id)).toEqual(undisturbed)
  })

  it('requirement 5: writes nothing with a supervisor that wakes up after another has finished', async () => {
    const id = await startLong()
    worker.child.kill('SIGSTOP')
    const other = await harness.startWorker()
    const run = await harness.waitForEnd(id)
    expect(run.state).toBe('succeeded')
    await other.kill('SIGTERM')
    const before = await harness.snapshot(id)
    const zombies = trainersOf(worker.child.pid ?? 0)
    worker.child.kill('SIGCONT')
    for (let i = 0; i < 100 && zombies.some(isAlive); i++) await sleep(50)
    // It is awake: it serves the next run.
    const next = await harness.waitForEnd(await harness.submit(xorRun(xor)))
    expect(next.state).toBe('succeeded')
    const after = JSON.parse(await harness.snapshot(id)) as [unknown, [string, number, string][]]
    after[1] = after[1].filter(([key]) => !key.includes(next.id))
    expect(JSON.stringify(after)).toBe(before)
    expect(await outcome(id)).toEqual(undisturbed)
  })

  it('requirement 19: fails a run whose trainer dies again and again, and no other', async () => {
    const poison = await harness.submit(long())
    const neighbour = await harness.submit(xorRun(xor))
    for (let run = await harness.run(poison); !IS_TERMINAL[run.state]; run = await harness.run(poison)) {
      const trainer = busyTrainer()
      if (run.state === 'running' && Number.isFinite(trainer)) process.kill(trainer, 'SIGABRT')
      await sleep(50)
    }
    const failed = await harness.run(poison)
    expect(failed).toMatchObject({ state: 'failed', leaseEpoch: 3, failure: { category: 'engine', code: 'crash_limit' } })
    expect(failed.failure?.message).toContain('SIGABRT')
    expect(await harness.waitForEnd(neighbour)).toMatchObject({ state: 'succeeded', leaseEpoch: 1 })
  })

  it('pauses with a checkpoint, holds nothing, and goes on with the same bits', async () => {
    const id = await startLong()
    const { jobId } = await harness.run(id)
    const trainer = busyTrainer()
    await runState.pauseJob(harness.database.workerSql, jobId)
    const paused = await harness.waitFor(id, ({ state }) => state === 'paused')
    expect((await harness.checkpoints(id))[0]?.step).toBe(paused.lastStep)
    await expectGone(trainer)
    expect(await harness.waitForEnd(await harness.submit(xorRun(xor)))).toMatchObject({ state: 'succeeded' })
    expect((await harness.run(id)).state).toBe('paused')
    await runState.resumeJob(harness.database.workerSql, jobId)
    expect(await harness.waitForEnd(id)).toMatchObject({ state: 'succeeded', crashCount: 0 })
    expect(await outcome(id)).toEqual(undisturbed)
  })

  it('ends a run that has used up its max_runtime_s, and a retry goes on to the same bits', async () => {
    const { projectId, database } = harness
    const config = runConfigSchema.parse(long())
    const job = await database.asWorker((tx) =>
      jobs.submit(tx, { projectId, kind: 'train', name: null, config: {}, runs: [config], maxRuntimeS: 1 }),
    )
    const ended = await harness.waitForEnd(job.runs[0]?.id ?? '')
    expect(ended).toMatchObject({ state: 'failed', failure: { category: 'resource', code: 'timeout' } })
    // On a busy machine its time may be over before the first step: then there is nothing to store.
    expect((await harness.checkpoints(ended.id))[0]?.step ?? 0).toBe(ended.lastStep)
    const next = await database.asWorker((tx) => retry(tx, job.id, { resume: true, maxRuntimeS: null }))
    const retried = await harness.waitForEnd(next.runs[0]?.id ?? '')
    expect(retried).toMatchObject({ state: 'succeeded', leaseEpoch: 1 })
    expect(await outcome(retried.id)).toEqual(undisturbed)
    const times = await harness.eventTimes(retried.id)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('prepares numbers as they are, however small', async () => {
    const csv = (value: string) => ({ file: Buffer.from(`a,y\n${value},0\n1,1\n2,0\n3,1\n`) })
    const digestOf = async (value: string) => (await harness.waitForEnd((await harness.upload(csv(value), XOR_OPTIONS)).runId)).result
    const here = await TrainerInProcess.open()
    const { digest } = (await here.prepare(csv('1e-40'), XOR_OPTIONS)).manifest
    await here.close()
    expect(await digestOf('1e-40')).toMatchObject({ digest })
    expect(await digestOf('0')).not.toMatchObject({ digest })
  })

  it('says what is wrong with data and with training that diverges', async () => {
    const bad = await harness.upload({ file: Buffer.from('a,y\n1,2\n2,2\nx,3\n') }, { target: 'y', target_kind: 'value' })
    const failed = await harness.waitForEnd(bad.runId)
    expect(failed).toMatchObject({ state: 'failed', failure: { category: 'data', code: 'invalid_data' } })
    const version = await harness.database.asWorker((tx) => datasetVersions.find(tx, bad.versionId))
    expect(version).toMatchObject({ status: 'failed', failure: { code: 'invalid_data' } })
    const wild = { optimizer: { type: 'sgd', learning_rate: 1000, momentum: 0.99 }, epochs: 1000 } as const
    const values = await harness.upload(
      { file: Buffer.from('a,y\n1,2\n2,30\n3,500\n4,7000\n') },
      { target: 'y', target_kind: 'value', test_fraction: 0 },
    )
    await harness.waitForEnd(values.runId)
    const spec: RunConfigOf<'train'>['spec'] = { version: 1, input: { shape: [1] }, layers: [{ type: 'dense', units: 1, bias: true }] }
    const run = xorRun(values.versionId, { ...wild, loss: { type: 'squared_error' } })
    const diverged = await harness.waitForEnd(await harness.submit({ ...run, spec }))
    expect(diverged).toMatchObject({ state: 'failed', failure: { category: 'data', code: 'diverged' } })
    expect(diverged.failure?.hint).toContain('learning rate')
  })

  it('trains LeNet-5 on digits, evaluates, predicts, and transfers', async () => {
    const { versionId, runId } = await harness.upload(await digitFiles(1024, 256), {})
    expect((await harness.waitForEnd(runId)).result).toMatchObject({ kind: 'prepare', rows: 1280 })
    const trained = await harness.waitForEnd(await harness.submit(lenetRun(versionId, { epochs: 4 })))
    expect(trained.failure).toBeNull()
    expect(trained.plan).toMatchObject({ parameters: 61_706, total_steps: 64, steps_per_epoch: 16 })
    const points = await harness.points(trained.id)
    expect(points['eval/accuracy']?.map(([step]) => step)).toEqual([16, 32, 48, 64])
    const accuracy = points['eval/accuracy']?.at(-1)?.[1] ?? 0
    expect(accuracy).toBeGreaterThan(0.7)
    const checkpointId = trained.checkpointId ?? randomUUID()

    const evaluated = await harness.waitForEnd(
      await harness.submit({
        kind: 'evaluate',
        checkpoint_id: checkpointId,
        dataset_version_id: versionId,
        split: 'test',
        batch_size: 100,
      }),
    )
    expect(evaluated.result).toMatchObject({ kind: 'evaluate', split: 'test', rows: 256, metrics: { accuracy } })

    const inputs = [await digit(0), await digit(1), await digit(2)]
    const predicted = await harness.waitForEnd(await harness.submit({ kind: 'predict', checkpoint_id: checkpointId, inputs, top_k: 2 }))
    if (predicted.result?.kind !== 'predict') throw new Error(JSON.stringify(predicted.failure))
    expect(predicted.result.predictions.map(({ classes }) => classes?.[0]?.label)).toEqual(['7', '2', '1'])
    const probabilities = predicted.result.predictions[0]?.outputs.map((logit) => Math.exp(Number(logit))) ?? []
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)

    const transfer = { checkpoint_id: checkpointId, freeze: ['conv*'], exclude: ['fc3'] }
    const transferred = await harness.waitForEnd(
      await harness.submit({ ...lenetRun(versionId, { epochs: 1, sample_limit: 256, seed: 8 }), transfer }),
    )
    expect(transferred.failure).toBeNull()
    expect(transferred.plan).toMatchObject({ trainable_parameters: 61_706 - 156 - 2_416, steps_per_epoch: 4 })
    expect(transferred.plan?.transfer?.filter(({ action }) => action === 'reinitialized').map(({ parameter }) => parameter)).toEqual([
      'fc3.weight',
      'fc3.bias',
    ])
    expect(await harness.events(transferred.id)).toContain('transferred')
  })
})
