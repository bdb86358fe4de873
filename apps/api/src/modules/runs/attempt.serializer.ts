import { type Attempt, toWireId } from '@trainyard/contracts'
import type { AttemptRecord } from '@trainyard/database'

export function serializeAttempt(row: AttemptRecord): Attempt {
  return {
    id: toWireId('attempt', row.id),
    object: 'attempt',
    run_id: toWireId('run', row.runId),
    number: row.leaseEpoch,
    worker: row.worker,
    outcome: row.outcome,
    reason: row.reason,
    first_step: row.firstStep,
    last_step: row.lastStep,
    fingerprint: row.fingerprint,
    started_at: row.startedAt.toISOString(),
    ended_at: row.endedAt?.toISOString() ?? null,
  }
}
