import { type Checkpoint, toWireId } from '@trainyard/contracts'
import type { CheckpointRecord } from '@trainyard/database'

export function serializeCheckpoint(row: CheckpointRecord): Checkpoint {
  return {
    id: toWireId('checkpoint', row.id),
    object: 'checkpoint',
    run_id: toWireId('run', row.runId),
    job_id: toWireId('job', row.jobId),
    kind: row.kind,
    step: row.step,
    epoch: row.epoch,
    bytes: row.bytes,
    sha256: row.sha256,
    metrics: row.metrics,
    created_at: row.createdAt.toISOString(),
  }
}
