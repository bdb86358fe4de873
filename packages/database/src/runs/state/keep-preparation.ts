// Makes stored files the newest state of a preparation, under the fence.

import type { Sql } from '../../sql.ts'
import { FENCE_HOLDS, type Fence, fenceValues } from '../fence.ts'

/** A file that is stored and safe. */
export interface NewPreparationFile {
  /** By which the state names it. */
  readonly name: string
  readonly objectKey: string
  readonly bytes: number
  readonly sha256: string
}

const KEEP = `
WITH fence AS (
  UPDATE runs SET crash_count = 0, lost_count = 0, updated_at = clock_timestamp() WHERE ${FENCE_HOLDS} RETURNING id, project_id
), added AS (
  INSERT INTO preparation_files (project_id, run_id, name, object_key, bytes, sha256)
  SELECT project_id, id, f.name, f."objectKey", f.bytes, f.sha256
  FROM fence, jsonb_to_recordset($3::jsonb) AS f (name text, "objectKey" text, bytes bigint, sha256 text)
  ON CONFLICT (run_id, name) DO UPDATE SET object_key = excluded.object_key, bytes = excluded.bytes, sha256 = excluded.sha256
), dropped AS (
  DELETE FROM preparation_files USING fence WHERE run_id = fence.id AND name <> ALL ($4::text[]) RETURNING object_key
)
SELECT coalesce((SELECT array_agg(object_key) FROM dropped), '{}') AS dropped FROM fence`

/**
 * What a preparation has done is kept, and its crashes before are forgiven. To repeat it changes nothing.
 * @param added those of the state that are new
 * @param names all of the state; the others are nobody's from now on
 * @returns the keys of those, or null when the fence no longer holds
 */
export async function keepPreparation(
  sql: Sql,
  fence: Fence,
  added: readonly NewPreparationFile[],
  names: readonly string[],
): Promise<readonly string[] | null> {
  const [row] = await sql.query<{ dropped: string[] }>(KEEP, [...fenceValues(fence), JSON.stringify(added), names])
  return row?.dropped ?? null
}
