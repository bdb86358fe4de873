// The good end of a run.

import { type DatasetManifest, type RunResult, storedFiles } from '@trainyard/contracts'
import type { Sql } from '../../sql.ts'
import { FENCE_HOLDS, type Fence, fenceValues } from '../fence.ts'
import { insertCheckpoint, type NewCheckpoint } from './checkpoint.ts'
import { CANCELLED_AT_STEP, LEAVE_COLUMNS } from './phrases.ts'

const COMPLETE = `
WITH ended AS (
  UPDATE runs SET
    state = CASE WHEN cancel_requested_at IS NULL THEN 'succeeded' ELSE 'cancelled' END::run_state,
    result = CASE WHEN cancel_requested_at IS NULL THEN $3::jsonb END,
    last_step = coalesce($4::bigint, last_step), finished_at = clock_timestamp(), ${LEAVE_COLUMNS}
  WHERE ${FENCE_HOLDS}
  RETURNING id, project_id, job_id, lease_epoch, config, state, last_step, event_seq
), attempt AS (
  UPDATE attempts SET
    ended_at = clock_timestamp(), outcome = ended.state::text::attempt_outcome, last_step = ended.last_step,
    reason = CASE ended.state WHEN 'succeeded' THEN 'Finished.' ELSE 'Cancelled as requested.' END
  FROM ended WHERE run_id = ended.id AND attempts.lease_epoch = ended.lease_epoch
), checkpoint AS (${insertCheckpoint('ended', '$5')}
), version AS (
  UPDATE dataset_versions SET
    status = 'ready', manifest = $6::jsonb, digest = $6::jsonb ->> 'digest', rows = $7::int, bytes = $8::bigint, prepared_at = clock_timestamp()
  FROM ended
  WHERE $6::jsonb IS NOT NULL AND ended.state = 'succeeded' AND dataset_versions.id = (ended.config ->> 'dataset_version_id')::uuid
    AND dataset_versions.status = 'preparing'
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message)
  SELECT new_uuid(), project_id, id, event_seq, state::text,
    CASE state WHEN 'succeeded' THEN 'Finished.' ELSE ${CANCELLED_AT_STEP} END
  FROM ended
)
SELECT state FROM ended`

export interface Completion {
  readonly result: RunResult
  readonly lastStep?: number
  /** The final checkpoint, stored already. */
  readonly checkpoint?: NewCheckpoint
  /** Of a preparation: the version becomes ready. */
  readonly manifest?: DatasetManifest
}

/**
 * Ends a run well, unless its cancellation was requested: then it ends cancelled, whoever was first.
 * @returns The state that it has now, or null when the fence no longer holds.
 */
export async function complete(sql: Sql, fence: Fence, completion: Completion): Promise<'succeeded' | 'cancelled' | null> {
  const { result, lastStep, checkpoint, manifest } = completion
  const splits = Object.values(manifest?.splits ?? {})
  const [row] = await sql.query<{ state: 'succeeded' | 'cancelled' }>(COMPLETE, [
    ...fenceValues(fence),
    JSON.stringify(result),
    lastStep ?? null,
    checkpoint === undefined ? null : JSON.stringify(checkpoint),
    manifest === undefined ? null : JSON.stringify(manifest),
    splits.reduce((sum, split) => sum + split.rows, 0),
    (manifest === undefined ? [] : storedFiles(manifest)).reduce((sum, file) => sum + file.bytes, 0),
  ])
  return row?.state ?? null
}
