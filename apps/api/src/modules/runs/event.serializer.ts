import { type RunEvent, toWireId } from '@trainyard/contracts'
import type { RunEventRecord } from '@trainyard/database'

export function serializeEvent(row: RunEventRecord): RunEvent {
  return {
    id: toWireId('event', row.id),
    object: 'event',
    run_id: toWireId('run', row.runId),
    seq: row.seq,
    type: row.type,
    message: row.message,
    data: row.data,
    created_at: row.createdAt.toISOString(),
  }
}
