// Jobs: submit, read, list. Cancelling and every other change of state is in runs/state.ts.

import { type Failure, type JobKind, type JobState, newUuid, type RunConfig, type RunResult } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import type { Job } from './generated/client.ts'
import { toJson } from './json.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'
import { PREDICTION_PRIORITY } from './runs/state.ts'
import { type RunRecord, toRunRecord } from './runs.repository.ts'
import { type Sql, where } from './sql.ts'

/** A run as its job shows it. */
export type JobRun = Pick<
  RunRecord,
  'id' | 'state' | 'phase' | 'lastStep' | 'totalSteps' | 'epoch' | 'totalEpochs' | 'samplesPerSecond' | 'batchSize' | 'result' | 'failure'
> & { readonly pauseRequested: boolean }

/** A job with its runs, oldest first, and the newest value of each of their series: all that a client polls, and no configuration. */
export interface JobRecord extends Omit<Job, 'config'> {
  readonly runs: readonly JobRun[]
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
  const { config: _, ...record } = job
  return toRecord({ ...record, runs: rows.map((row) => toJobRun(toRunRecord({ ...row, checkpoints: [] }))), metrics: [] })
}

export async function find(sql: Sql, id: string): Promise<JobRecord | null> {
  const [row] = await sql.query<JobRow>(`${SELECT} WHERE job.id = $1::uuid`, [id])
  return row === undefined ? null : toRecord(row)
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

export async function list(sql: Sql, request: PageRequest, { kind, state, excludeKinds }: JobFilter = {}): Promise<Page<JobRecord>> {
  const rows = await page(request, ({ where: { id }, orderBy, take }) => {
    const { text, values } = where([
      ['job.id > $::uuid', id?.gt],
      ['job.id < $::uuid', id?.lt],
      ['job.kind = $::text::job_kind', kind],
      ['job.kind <> ALL ($::text[]::job_kind[])', kind === undefined ? excludeKinds : undefined],
      ['job.state = $::text::run_state', state],
    ])
    return sql.query<JobRow>(`${SELECT} ${text} ORDER BY job.id ${orderBy.id} LIMIT $${values.length + 1}`, [...values, take])
  })
  return mapPage(rows, toRecord)
}

/**
 * Of each run what its job shows, and no more: a configuration can hold megabytes of samples. Numbers of series come as text, since JSON has no NaN
 * and no infinity.
 */
const SELECT = `
SELECT job.id, job.project_id AS "projectId", job.kind, job.name, job.state, job.priority, job.max_runtime_s AS "maxRuntimeS",
  job.retry_of AS "retryOf", job.cancel_requested_at AS "cancelRequestedAt", job.created_at AS "createdAt", job.started_at AS "startedAt",
  job.finished_at AS "finishedAt", run.list AS runs, series.list AS metrics
FROM jobs job
CROSS JOIN LATERAL (
  SELECT coalesce(json_agg(json_build_object(
    'id', id, 'state', state, 'phase', phase, 'lastStep', last_step, 'totalSteps', total_steps, 'epoch', epoch, 'totalEpochs', total_epochs,
    'samplesPerSecond', samples_per_second, 'batchSize', CASE kind WHEN 'train' THEN config #> '{training,batch_size}' END,
    'pauseRequested', pause_requested_at IS NOT NULL, 'result', result, 'failure', failure
  ) ORDER BY id), '[]') AS list
  FROM runs WHERE job_id = job.id
) run
CROSS JOIN LATERAL (
  SELECT coalesce(json_agg(json_build_array(metric.name, metric.last_value::text) ORDER BY metric.run_id, metric.name), '[]') AS list
  FROM runs JOIN metric_series metric ON metric.run_id = runs.id WHERE runs.job_id = job.id
) series`

type JobRow = Omit<Job, 'config'> & { readonly runs: readonly JobRun[]; readonly metrics: readonly [name: string, value: string][] }

function toJobRun({ pauseRequestedAt, ...run }: RunRecord): JobRun {
  return { ...run, pauseRequested: pauseRequestedAt !== null }
}

function toRecord({ metrics, ...row }: JobRow): JobRecord {
  return {
    ...row,
    // Not by assignment: a series may have any name, `__proto__` among them.
    metrics: Object.fromEntries(metrics.map(([name, value]) => [name, Number(value)])),
    result: row.runs.findLast((run) => run.result !== null)?.result ?? null,
    failure: row.runs.findLast((run) => run.failure !== null)?.failure ?? null,
  }
}
