// For tests of this package and of those above it: a migrated database of its own for each file, and rows to begin with.

import type { RunConfig } from '@trainyard/contracts'
import { startTestServices } from '@trainyard/testkit'
import { createDatabase, type Database } from './database.ts'
import * as jobs from './jobs.repository.ts'
import * as projects from './projects.repository.ts'
import * as runEvents from './run-events.repository.ts'
import { type ClaimedRun, claim } from './runs/state.ts'
import type { RunRecord } from './runs.repository.ts'
import * as runs from './runs.repository.ts'

export interface TestDatabase {
  readonly url: string
  readonly database: Database
  close(): Promise<void>
}

export async function openTestDatabase(poolSize = 10): Promise<TestDatabase> {
  const services = await startTestServices({ redis: false })
  const database = createDatabase({ url: services.databaseUrl, poolSize })
  return {
    url: services.databaseUrl,
    database,
    close: async () => {
      await database.close()
      await services.stop()
    },
  }
}

export const ANY_CONFIG: RunConfig = { kind: 'predict', checkpoint_id: '00000000-0000-7000-8000-000000000000', inputs: [0], top_k: 1 }

export async function createProject(database: Database, name = 'test'): Promise<string> {
  const { id } = await database.asWorker((tx) => projects.create(tx, { name }))
  return id
}

/** A job with one run, queued. */
export async function submitRun(
  database: Database,
  projectId: string,
  config: RunConfig = ANY_CONFIG,
): Promise<{ jobId: string; runId: string }> {
  const job = await database.withProject(projectId, (tx) =>
    jobs.submit(tx, { projectId, kind: config.kind, name: null, config: {}, runs: [config] }),
  )
  const [run] = job.runs
  if (run === undefined) throw new Error('the job has no run')
  return { jobId: job.id, runId: run.id }
}

/** The same, and claimed. */
export async function startRun(database: Database, projectId: string, { ttlMs = 60_000, config = ANY_CONFIG } = {}): Promise<ClaimedRun> {
  const { runId } = await submitRun(database, projectId, config)
  return claimRun(database, runId, ttlMs)
}

export async function claimRun(database: Database, runId: string, ttlMs = 60_000): Promise<ClaimedRun> {
  const run = await claim(database.workerSql, { runId, owner: 'worker-1', ttlMs })
  if (run === null) throw new Error(`run ${runId} cannot be claimed`)
  return run
}

export async function findRun(database: Database, runId: string): Promise<RunRecord> {
  const run = await database.asWorker((tx) => runs.find(tx, runId))
  if (run === null) throw new Error(`run ${runId} is gone`)
  return run
}

/** Types and messages of the events, checked to be numbered from 1 without a gap. */
export async function readEvents(database: Database, runId: string): Promise<{ type: string; message: string }[]> {
  const events = await database.asWorker((tx) => runEvents.listAfter(tx, runId, 0, 10_000))
  events.forEach((event, i) => {
    if (event.seq !== i + 1) throw new Error(`event ${i} of run ${runId} has the number ${event.seq}`)
  })
  return events.map(({ type, message }) => ({ type, message }))
}
