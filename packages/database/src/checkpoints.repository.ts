// Checkpoints, read only: a row is written by runs/checkpoint.ts, under the fence, after its file is safe.

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

function toRecord(row: Checkpoint): CheckpointRecord {
  return { ...row, step: Number(row.step), bytes: Number(row.bytes), metrics: fromJson(row.metrics) }
}
