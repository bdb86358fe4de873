// Stops that come while the trainer is not there yet: one that never gets ready shows that nobody waits for it.

import { createDatabase, type Database, runState } from '@trainyard/database'
import { startTestServices, type TestServices } from '@trainyard/testkit'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Harness } from '../testing/harness.ts'
import { XOR_CSV, XOR_OPTIONS } from '../testing/samples.ts'
import { FileGrants } from './file-grants.ts'
import { RunSupervision } from './run-supervision.ts'
import { SourceImports } from './source-imports.ts'
import { TrainerPool } from './trainer-pool.ts'
import { WorkDirectories } from './work-directories.ts'

const FOREVER_MS = 2 ** 31 - 1

let services: TestServices
let database: Database
let harness: Harness

beforeAll(async () => {
  services = await startTestServices({ redis: false })
  database = createDatabase({ url: services.databaseUrl })
  harness = await Harness.open(services)
})
afterAll(async () => {
  await harness?.close()
  await database?.close()
  await services?.stop()
})

it('requirement 16: a run whose trainer has not begun is cancelled without waiting for it', async () => {
  const { runId } = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
  const now = () => performance.now()
  const claimedAt = now()
  const run = await runState.claim(database.workerSql, { runId, owner: 'test', ttlMs: 600_000 })
  if (run === null) throw new Error('the run cannot be claimed')
  let fail: (error: Error) => void = () => {}
  const trainer = new Promise<never>((_, reject) => {
    fail = reject
  })
  const trainers: TrainerPool = Object.create(TrainerPool.prototype, { take: { value: () => trainer } })
  const { storage } = harness
  const supervision = new RunSupervision({
    run,
    claimedAt,
    sql: database.workerSql,
    storage,
    files: new FileGrants(storage, services.directory),
    imports: new SourceImports({ database, storage, policy: { allowedHosts: [] }, bytesMax: 1 }),
    trainers,
    threads: 1,
    memoryBytesMax: null,
    directories: new WorkDirectories(services.directory),
    crashLimit: 3,
    prepareCheckpointMs: 1000,
    times: {
      leaseTtlMs: 600_000,
      flushMs: 50,
      flushMsMax: 50,
      stallMs: FOREVER_MS,
      stopGraceMs: { cancel: FOREVER_MS, pause: FOREVER_MS, preempt: FOREVER_MS, timeout: FOREVER_MS },
    },
    now,
    onFailure: () => {},
    log: pino({ level: 'silent' }),
  })
  const executed = supervision.execute()
  expect(await runState.cancelJob(database.workerSql, run.jobId)).toHaveLength(1)
  expect(await harness.waitForEnd(runId)).toMatchObject({ state: 'cancelled' })
  fail(new Error('it was not needed any more'))
  await executed
})
