import { IS_TERMINAL, type Run, toWireId, toWireNumber, type WireNumber } from '@trainyard/contracts'
import type { RunRecord } from '@trainyard/database'
import { serializeProgress } from './progress.serializer.ts'

export function serializeRun(row: RunRecord, metrics: Readonly<Record<string, number>>): Run {
  return {
    id: toWireId('run', row.id),
    object: 'run',
    job_id: toWireId('job', row.jobId),
    state: row.state,
    terminal: IS_TERMINAL[row.state],
    attempts: row.leaseEpoch,
    progress: serializeProgress(row),
    plan: row.plan,
    metrics: serializeMetrics(metrics),
    result: row.result,
    failure: row.failure,
    checkpoint_id: row.checkpointId === null ? null : toWireId('checkpoint', row.checkpointId),
    fingerprint: row.fingerprint,
    created_at: row.createdAt.toISOString(),
    started_at: row.startedAt?.toISOString() ?? null,
    finished_at: row.finishedAt?.toISOString() ?? null,
  }
}

export function serializeMetrics(metrics: Readonly<Record<string, number>>): Record<string, WireNumber> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, toWireNumber(value)]))
}
