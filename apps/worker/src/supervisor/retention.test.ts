import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { newUuid, type RunConfig } from '@trainyard/contracts'
import { checkpoints, createDatabase, type Database, jobs, projects, runState, type StoredCheckpoint } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'
import { openStorage } from '@trainyard/storage'
import { startTestServices, type TestServices } from '@trainyard/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { removeOrphanFiles } from '../orphan-files.ts'
import { xorRun } from '../testing/samples.ts'
import { pruneCheckpoints, surplusOf } from './retention.ts'

const DAY_MS = 24 * 3600 * 1000

const stored = (step: number, loss: number | 'NaN' | null, changes: Partial<StoredCheckpoint> = {}): StoredCheckpoint => ({
  id: `at ${step}`,
  kind: 'periodic',
  step,
  metrics: loss === null ? {} : { 'eval/loss': loss },
  isPinned: false,
  ...changes,
})
const stepsOf = (list: readonly { step: number }[]) => list.map(({ step }) => step).sort((a, b) => a - b)

describe('what retention keeps', () => {
  it('the last and the best, the first of equally good ones', () => {
    const all = [stored(10, 5), stored(20, 1), stored(30, 1), stored(40, 3), stored(50, 4)]
    expect(stepsOf(surplusOf(all, { keep_last: 2, keep_best: 1 }))).toEqual([10, 30])
    expect(stepsOf(surplusOf(all, { keep_last: 2, keep_best: 2 }))).toEqual([10])
  })

  it('the highest of a metric that is better when it is higher', () => {
    const all = [10, 20, 30, 40].map((step) => ({
      ...stored(step, null),
      metrics: { 'eval/accuracy': step === 10 ? 0.9 : 0.5, 'eval/loss': step },
    }))
    expect(stepsOf(surplusOf(all, { keep_last: 2, keep_best: 1, metric: 'eval/accuracy' }))).toEqual([20])
  })

  it('final and pinned ones always, and never takes NaN for the best', () => {
    const all = [
      stored(10, 9, { isPinned: true }),
      stored(20, 'NaN'),
      stored(30, 7),
      stored(40, 8),
      stored(50, 8),
      stored(50, 1, { kind: 'final' }),
    ]
    expect(stepsOf(surplusOf(all, { keep_last: 2, keep_best: 1 }))).toEqual([20])
  })

  it('at least as many as asked for, the newest and the best among them, whatever comes', () => {
    const losses = fc.array(fc.oneof(fc.double({ noNaN: true }), fc.constant('NaN' as const)), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(losses, fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 5 }), (values, keep_last, keep_best) => {
        const all = values.map((value, i) => stored(i, value))
        const gone = new Set(surplusOf(all, { keep_last, keep_best }))
        const kept = all.filter((checkpoint) => !gone.has(checkpoint))
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(all.length, keep_last))
        expect(kept.length).toBeLessThanOrEqual(keep_last + keep_best)
        expect(stepsOf(kept)).toEqual(expect.arrayContaining(stepsOf(all.slice(-keep_last))))
        const numbers = values.filter((value) => typeof value === 'number')
        if (numbers.length > 0) {
          const best = Math.min(...numbers)
          expect(kept.some(({ metrics }) => metrics['eval/loss'] === best)).toBe(true)
        }
      }),
    )
  })
})

describe('retention on rows and files', () => {
  let services: TestServices
  let database: Database
  let storage: ObjectStorage
  let projectId: string

  beforeAll(async () => {
    services = await startTestServices({ redis: false })
    database = createDatabase({ url: services.databaseUrl })
    storage = openStorage(services.storageUrl)
    projectId = (await database.asWorker((tx) => projects.create(tx, { name: 'retention' }))).id
  })
  afterAll(async () => {
    await database.close()
    await services.stop()
  })

  const submit = async (config: RunConfig): Promise<string> => {
    const job = await database.asWorker((tx) => jobs.submit(tx, { projectId, kind: config.kind, name: null, config: {}, runs: [config] }))
    return job.runs[0]?.id ?? ''
  }
  /** A run with five checkpoints, the second being the best. */
  const trained = async () => {
    const runId = await submit(xorRun(newUuid()) as RunConfig)
    const run = await runState.claim(database.workerSql, { runId, owner: 'test', ttlMs: 60_000 })
    if (run === null) throw new Error('the run cannot be claimed')
    const ids: string[] = []
    for (const [i, loss] of [3, 1, 2, 5, 4].entries()) {
      const objectKey = `checkpoints/${runId}/1/step-${i}-periodic.safetensors`
      const file = await storage.put(objectKey, Readable.from([Buffer.from(`content ${i}`)]))
      const id = newUuid()
      ids.push(id)
      await runState.recordCheckpoint(database.workerSql, run, {
        id,
        kind: 'periodic',
        step: i,
        epoch: i,
        objectKey,
        ...file,
        metrics: { 'eval/loss': loss },
      })
    }
    return { runId, ids }
  }
  const rowsOf = async (runId: string) => stepsOf(await checkpoints.listStored(database.workerSql, runId))
  const filesOf = async (runId: string) => {
    const steps: number[] = []
    for await (const { key } of storage.list(`checkpoints/${runId}/`)) steps.push(Number(/step-(\d+)/.exec(key)?.[1]))
    return steps
  }
  const policy = { keep_last: 2, keep_best: 1 }

  it('deletes both, and twice is once', async () => {
    const { runId } = await trained()
    expect(await pruneCheckpoints(database.workerSql, storage, runId, policy)).toBe(2)
    expect(await pruneCheckpoints(database.workerSql, storage, runId, policy)).toBe(0)
    expect([await rowsOf(runId), await filesOf(runId)]).toEqual([
      [1, 3, 4],
      [1, 3, 4],
    ])
  })

  it('keeps what another run takes weights from', async () => {
    const { runId, ids } = await trained()
    await submit({ kind: 'predict', checkpoint_id: ids[0] ?? '', inputs: [0], top_k: 1 })
    await submit({ ...xorRun(newUuid()), transfer: { checkpoint_id: ids[2] ?? '', exclude: [], freeze: [] } } as RunConfig)
    expect(await pruneCheckpoints(database.workerSql, storage, runId, policy)).toBe(0)
    expect(await rowsOf(runId)).toEqual([0, 1, 2, 3, 4])
  })

  it('leaves no row without its file wherever it is killed, and the files that are left over go by their age', async () => {
    for (const deletions of [0, 1]) {
      const { runId } = await trained()
      let done = 0
      // As a killed process: after that many deletions nothing happens any more.
      const killed: ObjectStorage = Object.create(storage, {
        delete: {
          value: async (key: string) => {
            if (done++ >= deletions) throw new Error('killed')
            await storage.delete(key)
          },
        },
      })
      await expect(pruneCheckpoints(database.workerSql, killed, runId, policy)).rejects.toThrow('killed')
      expect(await rowsOf(runId)).toEqual([1, 3, 4])
      expect(await filesOf(runId)).toHaveLength(5 - deletions)
      expect(await removeOrphanFiles(database, storage, 3_600_000)).toBe(0)
      await sleep(5)
      expect(await removeOrphanFiles(database, storage, 1)).toBe(2 - deletions)
      expect(await filesOf(runId)).toEqual([1, 3, 4])
    }
  })

  it('requirement 15: removes nothing that is new when the clock of the worker is a day ahead', async () => {
    const key = `checkpoints/${newUuid()}/1/step-1-periodic.safetensors`
    await storage.put(key, Readable.from([Buffer.from('new')]))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY_MS })
    try {
      expect(await removeOrphanFiles(database, storage, 3_600_000)).toBe(0)
    } finally {
      vi.useRealTimers()
    }
    expect(await storage.stat(key)).not.toBeNull()
    await storage.delete(key)
  })

  it('removes what a process that was killed in the middle of a write has left, when it is old', async () => {
    const key = 'checkpoints/half/1/step-1-periodic.safetensors'
    const interrupted = storage
      .put(
        key,
        (async function* () {
          yield Buffer.from('the first half')
          await new Promise(() => {})
        })(),
      )
      .catch(() => {})
    const directory = dirname(storage.localPath(key) ?? '')
    const left = async () => (await readdir(directory).catch(() => [])).filter((name) => name.startsWith('.put-'))
    while ((await left()).length === 0) await sleep(5)
    expect(await removeOrphanFiles(database, storage, 3_600_000)).toBe(0)
    expect(await left()).toHaveLength(1)
    await sleep(20)
    expect(await removeOrphanFiles(database, storage, 1)).toBe(1)
    expect(await left()).toEqual([])
    void interrupted
  })
})
