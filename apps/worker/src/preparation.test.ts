// A preparation in a real worker that is killed, stopped and cancelled in each of its stages: what comes out is what an undisturbed one makes, and
// nothing else is left.

import { type DatasetManifest, IS_TERMINAL } from '@trainyard/contracts'
import { datasetVersions, preparationFiles, runEvents, runState } from '@trainyard/database'
import { hasRedis, startTestServices, type TestServices } from '@trainyard/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeOrphanFiles } from './orphan-files.ts'
import { Harness, type WorkerProcess } from './testing/harness.ts'
import { trainersOf } from './testing/process-state.ts'

const ROWS = 200_000
const COLOURS = ['red', 'green', 'blue', 'black']
/** A second or two of work. */
const TABLE = Buffer.from(
  `a,b,colour,day,y\n${Array.from({ length: ROWS }, (_, i) => {
    const n = (i * 7919) % 100_003
    return `${n / 8},${n % 13 === 0 ? '' : n % 1009},${COLOURS[n % 4]},2024-0${1 + (n % 9)}-1${n % 10},${n % 3 === 0 ? 'no' : 'yes'}\n`
  }).join('')}`,
)
const OPTIONS = { mode: 'tolerant', split: { by: 'hash', test: 0.2 } } as const

describe.skipIf(!hasRedis)('a preparation', () => {
  let services: TestServices
  let harness: Harness
  let worker: WorkerProcess
  let expected: unknown

  const start = async () => {
    // A state for every block of rows: how many there are in a stage is then a matter of the rows, and not of the machine.
    worker = await harness.startWorker({ PREPARE_CHECKPOINT_MS: '1', LEASE_TTL_MS: '2000' })
  }
  const manifestOf = (versionId: string) => datasetVersions.findManifest(harness.database.workerSql, versionId)
  const kept = (runId: string) => preparationFiles.list(harness.database.workerSql, runId)
  const messages = async (runId: string, type: string) => {
    const page = await harness.database.asWorker((tx) => runEvents.list(tx, runId, { limit: 1000, order: 'asc' }))
    return page.data.filter((event) => event.type === type).map(({ message }) => message)
  }
  const filesBelow = async (prefix: string) => {
    const keys: string[] = []
    for await (const { key } of harness.storage.list(prefix)) keys.push(key)
    return keys
  }
  /** The run has ended before its files are deleted. */
  const expectNothingKept = () => expect.poll(() => filesBelow('checkpoints/'), { timeout: 10_000 }).toEqual([])
  const hasEnded = async (runId: string) => IS_TERMINAL[(await harness.run(runId)).state]
  const until = (condition: () => Promise<boolean>) => expect.poll(condition, { timeout: 120_000, interval: 20 }).toBe(true)
  /** Number of the newest state, by the names of their files; 0: none. */
  const lastState = async (runId: string) =>
    Math.max(0, ...(await kept(runId)).map(({ name }) => Number(/^state-(\d+)$/.exec(name)?.[1] ?? 0)))
  /** Waits for the n-th state of a run, or for its end. */
  const waitForState = async (runId: string, n: number) => await until(async () => (await lastState(runId)) >= n || (await hasEnded(runId)))

  beforeAll(async () => {
    services = await startTestServices({ redis: true })
    harness = await Harness.open(services)
    await start()
    const { versionId, runId } = await harness.upload({ file: TABLE }, OPTIONS)
    expect((await harness.waitForEnd(runId)).failure).toBeNull()
    expected = await manifestOf(versionId)
  })
  afterAll(async () => {
    await harness?.close()
    await services?.stop()
  })

  /** Kills the trainers of a run after each state, until it has ended. @returns the stages at which it went on */
  const killAgainAndAgain = async (runId: string) => {
    let resumed: string[] = []
    while (!(await hasEnded(runId))) {
      await waitForState(runId, (await lastState(runId)) + 1)
      for (const pid of trainersOf(worker.child.pid ?? 0)) process.kill(pid, 'SIGKILL')
      const seen = resumed.length
      await until(async () => (await messages(runId, 'resumed')).length > seen || (await hasEnded(runId)))
      resumed = await messages(runId, 'resumed')
    }
    return resumed.map((message) => /that are (\w+)\.$/.exec(message)?.[1])
  }

  it('goes on where its trainer was killed, again and again, through all stages', async () => {
    const stages = new Set<unknown>()
    // A busy machine may be through with a stage before the signal comes: what each run makes counts, and one of them is met in each stage.
    for (let i = 0; stages.size < 3 && i < 6; i++) {
      const { versionId, runId } = await harness.upload({ file: TABLE }, OPTIONS)
      for (const stage of await killAgainAndAgain(runId)) stages.add(stage)
      expect((await harness.run(runId)).failure).toBeNull()
      expect(await manifestOf(versionId)).toEqual(expected)
      await expectNothingKept()
    }
    expect(stages).toEqual(new Set(['parsed', 'checked', 'written']))
    // Each kill costs the start of a trainer.
  }, 400_000)

  it('goes on where an append was killed, and gives the digest of one upload of everything', async () => {
    const border = TABLE.indexOf('\n', TABLE.length >> 1) + 1
    const base = await harness.upload({ file: TABLE.subarray(0, border) }, OPTIONS)
    expect((await harness.waitForEnd(base.runId)).failure).toBeNull()
    const header = TABLE.subarray(0, TABLE.indexOf('\n') + 1)
    const { versionId, runId } = await harness.upload({ file: Buffer.concat([header, TABLE.subarray(border)]) }, OPTIONS, base)
    for (const n of [2, 6, 10]) {
      await waitForState(runId, n)
      for (const pid of trainersOf(worker.child.pid ?? 0)) process.kill(pid, 'SIGKILL')
    }
    expect((await harness.waitForEnd(runId)).failure).toBeNull()
    expect((await messages(runId, 'resumed')).length).toBeGreaterThan(0)
    expect((await manifestOf(versionId))?.digest).toBe((expected as DatasetManifest).digest)
    await expectNothingKept()
  })

  it('requirement 18: stops on SIGTERM with what it has done, and another worker goes on with it', async () => {
    const { versionId, runId } = await harness.upload({ file: TABLE }, OPTIONS)
    await waitForState(runId, 2)
    await worker.kill('SIGTERM')
    const states = (await kept(runId)).filter(({ name }) => name.startsWith('state-'))
    expect(states.length).toBe(1)
    expect(await harness.run(runId)).toMatchObject({ state: 'queued', crashCount: 0 })
    await start()
    expect((await harness.waitForEnd(runId)).failure).toBeNull()
    expect(await messages(runId, 'resumed')).toHaveLength(1)
    expect(await manifestOf(versionId)).toEqual(expected)
    await expectNothingKept()
  })

  it('requirement 5: goes on when a worker was stopped past its lease; what the killed one writes later counts for nothing', async () => {
    const { versionId, runId } = await harness.upload({ file: TABLE }, OPTIONS)
    await waitForState(runId, 3)
    // Stopped past its lease, so that it wakes up as a zombie beside the one that took over.
    const zombie = worker
    process.kill(zombie.child.pid ?? 0, 'SIGSTOP')
    await start()
    await harness.waitFor(runId, (run) => run.leaseEpoch >= 2)
    process.kill(zombie.child.pid ?? 0, 'SIGCONT')
    expect((await harness.waitForEnd(runId)).failure).toBeNull()
    expect(await manifestOf(versionId)).toEqual(expected)
    expect(await messages(runId, 'resumed')).not.toEqual([])
    await zombie.kill('SIGKILL')
    const leftByOthers = async () => (await filesBelow('checkpoints/')).filter((key) => !key.startsWith(`checkpoints/${runId}/1/`))
    await expect.poll(leftByOthers, { timeout: 10_000 }).toEqual([])
    expect(await kept(runId)).toEqual([])
    // The zombie may have been stopped between a file and its row: that one is the sweep's.
    await removeOrphanFiles(harness.database, harness.storage, 1)
    expect(await filesBelow('checkpoints/')).toEqual([])
  })

  it('ends when it is cancelled, and leaves nothing', async () => {
    const shards = await filesBelow('datasets/')
    const { runId } = await harness.upload({ file: TABLE }, OPTIONS)
    await waitForState(runId, 2)
    await runState.cancelJob(harness.database.workerSql, (await harness.run(runId)).jobId)
    expect(await harness.waitForEnd(runId)).toMatchObject({ state: 'cancelled' })
    await expect.poll(() => filesBelow(`checkpoints/${runId}/`), { timeout: 10_000 }).toEqual([])
    expect(await kept(runId)).toEqual([])
    expect(await filesBelow('datasets/')).toEqual(shards)
  })
})
