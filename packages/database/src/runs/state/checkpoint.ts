// Makes stored files checkpoints, under the fence.

import type { Sql } from '../../sql.ts'
import { FENCE_HOLDS, type Fence, fenceValues } from '../fence.ts'
import { grouped } from './phrases.ts'

/** A checkpoint whose file is stored and safe. */
export interface NewCheckpoint {
  readonly id: string
  readonly kind: 'periodic' | 'final'
  readonly step: number
  readonly epoch: number
  readonly objectKey: string
  readonly bytes: number
  readonly sha256: string
  /** In their wire form. */
  readonly metrics: Readonly<Record<string, number | string>>
}

/** The row of a checkpoint, from the fields of one JSON parameter and the fenced run. */
export const insertCheckpoint = (source: string, parameter: string) => `
  INSERT INTO checkpoints (id, project_id, job_id, run_id, lease_epoch, kind, step, epoch, object_key, bytes, sha256, metrics)
  SELECT c.id, ${source}.project_id, ${source}.job_id, ${source}.id, ${source}.lease_epoch, c.kind, c.step, c.epoch, c."objectKey", c.bytes, c.sha256, c.metrics
  FROM ${source}, jsonb_to_record(${parameter}::jsonb)
    AS c (id uuid, kind checkpoint_kind, step bigint, epoch float8, "objectKey" text, bytes bigint, sha256 text, metrics jsonb)
  WHERE ${parameter}::jsonb IS NOT NULL`

const CHECKPOINT = `
WITH fence AS (
  UPDATE runs SET
    (crash_count, lost_count) = (
      SELECT CASE WHEN is_new THEN 0 ELSE crash_count END, CASE WHEN is_new THEN 0 ELSE lost_count END
      FROM (SELECT $4::bigint > coalesce(max(step), -1) AS is_new FROM checkpoints WHERE run_id = $1::uuid) AS progress
    ),
    event_seq = event_seq + CASE WHEN EXISTS (SELECT FROM checkpoints WHERE id = ($3::jsonb ->> 'id')::uuid) THEN 0 ELSE 1 END, updated_at = clock_timestamp()
  WHERE ${FENCE_HOLDS}
  RETURNING id, project_id, job_id, lease_epoch, event_seq
), checkpoint AS (${insertCheckpoint('fence', '$3')}
  ON CONFLICT (id) DO NOTHING RETURNING id
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data)
  SELECT new_uuid(), project_id, id, event_seq, 'checkpoint', 'Checkpoint stored at step ' || ${grouped('$4::bigint')} || '.', jsonb_build_object('step', $4::bigint)
  FROM fence WHERE EXISTS (SELECT FROM checkpoint)
)
SELECT id FROM fence`

/** Makes a stored file a checkpoint; a new one forgives the crashes before it. To repeat it changes nothing. @returns false when the fence no longer holds */
export async function recordCheckpoint(sql: Sql, fence: Fence, checkpoint: NewCheckpoint): Promise<boolean> {
  const rows = await sql.query(CHECKPOINT, [...fenceValues(fence), JSON.stringify(checkpoint), checkpoint.step])
  return rows.length === 1
}
