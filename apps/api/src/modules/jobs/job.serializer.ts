import { allowedActions, IS_TERMINAL, type Job, type Progress, toWireId } from '@trainyard/contracts'
import type { JobRecord } from '@trainyard/database'
import { serializeProgress } from '../runs/progress.serializer.ts'
import { serializeMetrics } from '../runs/run.serializer.ts'

const NO_PROGRESS: Progress = {
  phase: null,
  step: 0,
  total_steps: null,
  epoch: null,
  total_epochs: null,
  samples_per_second: null,
  eta_seconds: null,
}

export function serializeJob(row: JobRecord): Job {
  const last = row.runs.at(-1)
  const cancelRequested = row.cancelRequestedAt !== null
  const pauseRequested = row.runs.some((run) => run.pauseRequested)
  return {
    id: toWireId('job', row.id),
    object: 'job',
    kind: row.kind,
    name: row.name,
    state: row.state,
    terminal: IS_TERMINAL[row.state],
    allowed_actions: allowedActions({ kind: row.kind, state: row.state, cancelRequested, pauseRequested }),
    cancel_requested: cancelRequested,
    pause_requested: pauseRequested,
    priority: row.priority,
    max_runtime_s: row.maxRuntimeS,
    retry_of: row.retryOf === null ? null : toWireId('job', row.retryOf),
    run_ids: row.runs.map((run) => toWireId('run', run.id)),
    progress: last === undefined ? NO_PROGRESS : serializeProgress(last),
    metrics: serializeMetrics(row.metrics),
    result: row.result,
    failure: row.failure,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
  }
}
