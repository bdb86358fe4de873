// Jobs: submit, read, list. Cancelling and every other change of state is in runs/state.ts.

import { type Failure, type JobKind, type JobState, newUuid, type RunConfig, type RunResult } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import type { Job, Prisma } from './generated/client.ts'
import { fromJson, toJson } from './json.ts'
import { readLatestValues } from './metrics.repository.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'
import { PREDICTION_PRIORITY } from './runs/state.ts'
import { type RunRecord, toRunRecord } from './runs.repository.ts'

/** A job with its runs, oldest first, and the newest value of each of their series: all that a client polls, in one reading. */
export interface JobRecord extends Omit<Job, 'config'> {
  /** The submission as the client sent it. */
  readonly config: unknown
  readonly runs: readonly RunRecord[]
  /** Newest value of each metric, over the runs. */
  readonly metrics: Readonly<Record<string, number>>
  /** Of the last run that has one. */
  readonly result: RunResult | null
  readonly failure: Failure | null
}

export interface SubmitJob {
  /** Given where something else must name the job before it exists. Default: new. */
  readonly id?: string
  readonly projectId: string
  readonly kind: JobKind
  readonly name: string | null
  /** The submission as the client sent it. */
  readonly config: unknown
  /** One per run, complete. */
  readonly runs: readonly RunConfig[]
  /** Among the jobs of the project: higher comes first. Default 0; that of a prediction, which a client waits for, is above all. */
  readonly priority?: number | undefined
  /** Seconds that each run may be running, over all attempts. Default: no limit. */
  readonly maxRuntimeS?: number | null | undefined
  /** The job that this one repeats. */
  readonly retryOf?: string
}

/**
 * Writes job, runs (queued), their first events and the messages that will wake a worker, in the caller's transaction; put the
 * idempotency key into the same one (idempotency.once).
 */
export async function submit(tx: Tx, input: SubmitJob): Promise<JobRecord> {
  const { projectId, kind, name, maxRuntimeS = null, retryOf = null } = input
  const priority = kind === 'predict' ? PREDICTION_PRIORITY : (input.priority ?? 0)
  const jobId = input.id ?? newUuid()
  const runs = input.runs.map((config) => ({ id: newUuid(), config }))
  const job = await tx.job.create({
    data: { id: jobId, projectId, kind, name, config: toJson(input.config), priority, maxRuntimeS, retryOf },
  })
  const rows = await tx.run.createManyAndReturn({
    data: runs.map(({ id, config }) => {
      const datasetVersionId = 'dataset_version_id' in config ? config.dataset_version_id : null
      return { id, projectId, jobId, kind, config: toJson(config), datasetVersionId, priority, maxRuntimeS, eventSeq: 1 }
    }),
  })
  await tx.runEvent.createMany({
    data: runs.map(({ id }) => ({
      id: newUuid(),
      projectId,
      runId: id,
      seq: 1,
      type: 'queued',
      message: 'Submitted; waiting for a worker.',
    })),
  })
  await tx.outbox.createMany({ data: runs.map(({ id }) => ({ id: newUuid(), projectId, runId: id, dispatchSeq: 1 })) })
  return toRecord({ ...job, runs: rows.map((row) => ({ ...row, checkpoints: [] })) }, {})
}

export async function find(tx: Tx, id: string): Promise<JobRecord | null> {
  const row = await tx.job.findUnique({ where: { id }, include: withRuns })
  if (row === null) return null
  const metrics = await readLatestValues(
    tx,
    row.runs.map((run) => run.id),
  )
  return toRecord(row, mergeMetrics(row.runs, metrics))
}

/** Holds the runs of a job as they are until the transaction ends. */
export async function lockRuns(tx: Tx, id: string): Promise<void> {
  await tx.$queryRaw`SELECT id FROM runs WHERE job_id = ${id}::uuid ORDER BY id FOR UPDATE`
}

export interface JobFilter {
  readonly kind?: JobKind | undefined
  readonly state?: JobState | undefined
  /** Kinds that a list leaves out unless asked for. */
  readonly excludeKinds?: readonly JobKind[] | undefined
}

export async function list(tx: Tx, request: PageRequest, filter: JobFilter = {}): Promise<Page<JobRecord>> {
  const filters: Prisma.JobWhereInput = {}
  if (filter.kind !== undefined) filters.kind = filter.kind
  else if (filter.excludeKinds !== undefined) filters.kind = { notIn: [...filter.excludeKinds] }
  if (filter.state !== undefined) filters.state = filter.state
  const rows = await page(request, ({ where, ...range }) =>
    tx.job.findMany({ where: { ...where, ...filters }, ...range, include: withRuns }),
  )
  const metrics = await readLatestValues(
    tx,
    rows.data.flatMap((job) => job.runs.map((run) => run.id)),
  )
  return mapPage(rows, (row) => toRecord(row, mergeMetrics(row.runs, metrics)))
}

const withRuns = {
  runs: {
    orderBy: { id: 'asc' as const },
    include: { checkpoints: { orderBy: { step: 'desc' as const }, take: 1, select: { id: true } } },
  },
} satisfies Prisma.JobInclude

type JobWithRuns = Prisma.JobGetPayload<{ include: typeof withRuns }>

/** Not by assignment: a series may have any name, `__proto__` among them. */
function mergeMetrics(runs: readonly { id: string }[], values: ReadonlyMap<string, [string, number][]>): Record<string, number> {
  return Object.fromEntries(runs.flatMap((run) => values.get(run.id) ?? []))
}

function toRecord({ runs, ...row }: JobWithRuns, metrics: Readonly<Record<string, number>>): JobRecord {
  const records = runs.map(toRunRecord)
  return {
    ...row,
    config: fromJson<unknown>(row.config),
    runs: records,
    metrics,
    result: records.findLast((run) => run.result !== null)?.result ?? null,
    failure: records.findLast((run) => run.failure !== null)?.failure ?? null,
  }
}
