// Files of preparations under way: reading, and the end of those whose run has ended. Rows are written by runs/state/keep-preparation.ts, under
// the fence, after their files are safe.

import type { Sql } from './sql.ts'

export interface PreparationFileRecord {
  readonly name: string
  readonly objectKey: string
  readonly sha256: string
}

/** The newest state of a run; empty where it has none. */
export async function list(sql: Sql, runId: string): Promise<PreparationFileRecord[]> {
  return await sql.query<PreparationFileRecord>(
    'SELECT name, object_key AS "objectKey", sha256 FROM preparation_files WHERE run_id = $1::uuid ORDER BY name',
    [runId],
  )
}

/** Forgets the states of runs that have ended. @param runId of one; null for all @returns the keys of the files, which are nobody's now */
export async function removeEnded(sql: Sql, runId: string | null): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    `DELETE FROM preparation_files f USING runs r
     WHERE r.id = f.run_id AND r.state IN ('succeeded', 'failed', 'cancelled') AND ($1::uuid IS NULL OR r.id = $1::uuid)
     RETURNING f.object_key AS key`,
    [runId],
  )
  return rows.map(({ key }) => key)
}
