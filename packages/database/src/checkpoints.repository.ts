// Checkpoints: reading, and the end of those that retention does not keep. A row is written by runs/state/checkpoint.ts, under the fence, after
// its file is safe.

import type { Checkpoint as CheckpointResource } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import type { Checkpoint, Prisma } from './generated/client.ts'
import { fromJson } from './json.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'
import type { Sql } from './sql.ts'

export interface CheckpointRecord extends Omit<Checkpoint, 'step' | 'bytes' | 'metrics'> {
  readonly step: number
  readonly bytes: number
  /** In their wire form. */
  readonly metrics: CheckpointResource['metrics']
}

export async function find(tx: Tx, id: string): Promise<CheckpointRecord | null> {
  const row = await tx.checkpoint.findUnique({ where: { id } })
  return row && toRecord(row)
}

export interface CheckpointFilter {
  readonly jobId?: string | undefined
  readonly runId?: string | undefined
}

export async function list(tx: Tx, request: PageRequest, filter: CheckpointFilter = {}): Promise<Page<CheckpointRecord>> {
  const filters: Prisma.CheckpointWhereInput = {}
  if (filter.jobId !== undefined) filters.jobId = filter.jobId
  if (filter.runId !== undefined) filters.runId = filter.runId
  const rows = await page(request, ({ where, ...range }) => tx.checkpoint.findMany({ where: { ...where, ...filters }, ...range }))
  return mapPage(rows, toRecord)
}

/** Where the file is and what it must contain. */
export interface CheckpointFile {
  readonly id: string
  readonly objectKey: string
  readonly bytes: number
  readonly sha256: string
  readonly step: number
  readonly epoch: number
}

/** For the supervisor of a run, in one statement. */
export async function findFile(sql: Sql, id: string): Promise<CheckpointFile | null> {
  const [row] = await sql.query<CheckpointFile>(
    'SELECT id, object_key AS "objectKey", bytes, sha256, step, epoch FROM checkpoints WHERE id = $1::uuid',
    [id],
  )
  return row ?? null
}

/** What retention decides by. */
export interface StoredCheckpoint {
  readonly id: string
  readonly kind: CheckpointResource['kind']
  readonly step: number
  /** In their wire form. */
  readonly metrics: CheckpointResource['metrics']
  /** A run of another job takes weights from it. */
  readonly isPinned: boolean
}

/** All of a run. */
export async function listStored(sql: Sql, runId: string): Promise<StoredCheckpoint[]> {
  return await sql.query<StoredCheckpoint>(
    `SELECT id, kind, step, metrics, EXISTS (SELECT FROM runs WHERE source_checkpoint_id = checkpoints.id) AS "isPinned"
     FROM checkpoints WHERE run_id = $1::uuid`,
    [runId],
  )
}

/**
 * Deletes rows, but none that a run takes weights from: a run that was submitted at the same moment makes the statement fail, and the next time
 * finds it. @returns the keys of the files, which are nobody's now
 */
export async function removeUnpinned(sql: Sql, ids: readonly string[]): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    `DELETE FROM checkpoints WHERE id = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM runs WHERE source_checkpoint_id = checkpoints.id)
     RETURNING object_key AS key`,
    [ids],
  )
  return rows.map(({ key }) => key)
}

function toRecord(row: Checkpoint): CheckpointRecord {
  return { ...row, step: Number(row.step), bytes: Number(row.bytes), metrics: fromJson(row.metrics) }
}
