// What counts as a step lost on SIGTERM, on rows that are made by hand.

import { newUuid, type RunConfig, type RunConfigInput, runConfigSchema } from '@trainyard/contracts'
import { createDatabase, type Database, jobs, projects, runFlush, runState } from '@trainyard/database'
import { startTestServices, type TestServices } from '@trainyard/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { xorRun } from '../../apps/worker/src/testing/samples.ts'
import { describeLosses, measure } from './measures.ts'

let services: TestServices
let database: Database
let pool: pg.Pool
let projectId: string

beforeAll(async () => {
  services = await startTestServices({ redis: false })
  database = createDatabase({ url: services.databaseUrl })
  pool = new pg.Pool({ connectionString: services.databaseUrl })
  projectId = (await database.asWorker((tx) => projects.create(tx, { name: 'measures' }))).id
})
afterAll(async () => {
  await pool?.end()
  await database?.close()
  await services?.stop()
})

interface Attempt {
  /** Where its trainer was when the run was given back. */
  readonly step: number
  /** Step of the last checkpoint of the attempt; null for none. */
  readonly saved: number | null
}

/** A run that is given back after each of these attempts, and claimed once more. */
async function giveBack(input: RunConfigInput, attempts: readonly Attempt[]): Promise<string> {
  const config: RunConfig = runConfigSchema.parse(input)
  const submission = { projectId, kind: config.kind, name: null, config: {}, runs: [config] }
  const runId = (await database.asWorker((tx) => jobs.submit(tx, submission))).runs[0]?.id ?? ''
  const sql = database.workerSql
  const claim = async () => {
    const run = await runState.claim(sql, { runId, owner: 'worker', ttlMs: 60_000 })
    if (run === null) throw new Error('the run cannot be claimed')
    return run
  }
  for (const { step, saved } of attempts) {
    const run = await claim()
    if (saved !== null) {
      const id = newUuid()
      const file = { objectKey: `checkpoints/${id}`, bytes: 1, sha256: '00'.repeat(32), metrics: {} }
      await runState.recordCheckpoint(sql, run, { id, kind: 'periodic', step: saved, epoch: 0, ...file })
    }
    await runFlush.flush(sql, run, { ttlMs: 60_000, progress: { phase: 'training', step, epoch: 0, samplesPerSecond: null } })
    await runState.release(sql, run, 'preempt')
  }
  await claim()
  return runId
}

it('counts the steps of trainings behind their last checkpoint, once', async () => {
  const training = xorRun(newUuid())
  await giveBack(training, [{ step: 100, saved: 100 }])
  const losing = await giveBack(training, [
    { step: 120, saved: 100 },
    // It did not get as far as the attempt before it: nothing more is lost.
    { step: 110, saved: null },
  ])
  // It repeats steps 28,000 to 30,000 of another run, keeps no checkpoint, and begins anew.
  const { spec, dataset_version_id } = training
  const verification = {
    kind: 'verify',
    run_id: newUuid(),
    checkpoint_id: newUuid(),
    target_checkpoint_id: newUuid(),
    spec,
    training: training.training,
    dataset_version_id,
  } as const
  await giveBack(verification, [{ step: 28_046, saved: null }])

  expect((await measure(pool, [])).preempted).toEqual({ attempts: 2, losing: 1, stepsLost: 20 })
  expect(await describeLosses(pool)).toEqual([expect.stringContaining(`attempt 1 of run ${losing} lost 20 steps`)])
})
