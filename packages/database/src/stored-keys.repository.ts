// Which stored files belong to nobody: the other half of every "file first, then row".

import type { Tx } from './database.ts'
import { type Sql, sqlOfTransaction } from './sql.ts'

/** Folders of the storage, each with the condition under which somebody still needs the file `key`. */
const NEEDED = {
  checkpoints: `EXISTS (SELECT FROM checkpoints WHERE object_key = key) OR EXISTS (SELECT FROM preparation_files WHERE object_key = key)`,
  uploads: 'EXISTS (SELECT FROM uploads WHERE object_key = key)',
  // Shards are named by their content, and a preparation under way may just have found that one is there already.
  datasets: `EXISTS (SELECT FROM named WHERE named.key = wanted.key)
    OR EXISTS (
      SELECT FROM dataset_versions v WHERE v.project_id::text = split_part(wanted.key, '/', 2) AND v.status = 'preparing'
    )`,
} as const

export type StoredFolder = keyof typeof NEEDED
export const STORED_FOLDERS = Object.keys(NEEDED) as readonly StoredFolder[]

/** Every key that a version of these projects names: shards, report, rows that were left out, index. */
const NAMED = `named AS (
  SELECT file #>> '{}' AS key
  FROM dataset_versions v, jsonb_path_query(v.manifest, 'strict $.**.key') AS file
  WHERE v.project_id::text IN (SELECT split_part(key, '/', 2) FROM wanted)
)`

const REMOVALS = `hashtextextended('removal of stored files', 0)`

/**
 * Files that are named by their content may be used again by a preparation that begins between the question who needs them and their deletion.
 * From this to the end of the transaction such a preparation waits (`awaitRemovals`); one that had begun before is seen by the question.
 */
export async function holdForRemoval(sql: Sql): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock(${REMOVALS})::text`, [])
}

/** Those of the keys that nobody needs: delete them before the transaction ends. @param keys all below the folder */
export async function findForRemoval(tx: Tx, folder: StoredFolder, keys: readonly string[]): Promise<string[]> {
  const sql = sqlOfTransaction(tx)
  await holdForRemoval(sql)
  const named = folder === 'datasets' ? `, ${NAMED}` : ''
  const rows = await sql.query<{ key: string }>(
    `WITH wanted AS (SELECT key FROM unnest($1::text[]) AS key)${named} SELECT key FROM wanted WHERE NOT (${NEEDED[folder]})`,
    [keys],
  )
  return rows.map(({ key }) => key)
}

/** What is in the storage after this stays there for the preparation that asks, whose version is committed. */
export async function awaitRemovals(sql: Sql): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock_shared(${REMOVALS})::text`, [])
}
