import { ALLOWED_ACTIONS, IS_TERMINAL, type Job, type Progress, toWireId } from '@trainyard/contracts'
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
  const isCancelRequested = row.cancelRequestedAt !== null
  return {
    id: toWireId('job', row.id),
    object: 'job',
    kind: row.kind,
    name: row.name,
    state: row.state,
    terminal: IS_TERMINAL[row.state],
    // Asking for the same again changes nothing.
    allowed_actions: isCancelRequested ? [] : [...ALLOWED_ACTIONS[row.state]],
    cancel_requested: isCancelRequested,
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
