// Dataset versions. A version becomes ready or failed with the run that prepares it (runs/state.ts); nothing here changes its status.

import { type DatasetManifest, type Failure, storedFiles } from '@trainyard/contracts'
import { TrainyardError } from '@trainyard/errors'
import type { Tx } from './database.ts'
import type { DatasetVersion } from './generated/client.ts'
import { fromJson } from './json.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'
import { type Sql, sqlOfTransaction } from './sql.ts'
import { holdForRemoval } from './stored-keys.repository.ts'
import { createAttached, type NewUpload } from './uploads.repository.ts'

export interface DatasetVersionRecord extends Omit<DatasetVersion, 'manifest' | 'failure' | 'bytes' | 'uploadedBytes'> {
  readonly manifest: DatasetManifest | null
  readonly failure: Failure | null
  /** Of all that is stored of it. */
  readonly bytes: number | null
  readonly uploadedBytes: number
}

export interface NewDatasetVersion {
  /** Made by the caller before the upload, since the object keys contain it. */
  readonly id: string
  readonly projectId: string
  readonly datasetId: string
  /** The preparation, already submitted in this transaction. */
  readonly jobId: string | null
  /** The version that it is appended to, with the files that it has in common with that one. */
  readonly base?: { readonly id: string; readonly keys: readonly string[] } | undefined
  /** Which files of the version these are: 0, or of appended ones 1, 2 … */
  readonly part?: number
  /** Files that came with it; others are attached to it afterwards (uploads.attach). */
  readonly uploads: readonly NewUpload[]
}

/** The next number of its dataset, in the state `preparing`, with its uploads. Concurrent ones of a dataset wait for each other. */
export async function create(tx: Tx, input: NewDatasetVersion): Promise<DatasetVersionRecord> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`dataset ${input.datasetId}`}, 0))::text`
  const newest = await tx.datasetVersion.aggregate({ where: { datasetId: input.datasetId }, _max: { version: true } })
  const row = await tx.datasetVersion.create({
    data: {
      id: input.id,
      projectId: input.projectId,
      datasetId: input.datasetId,
      jobId: input.jobId,
      ...(input.base === undefined ? {} : { baseVersionId: input.base.id, inheritedKeys: [...input.base.keys] }),
      version: (newest._max.version ?? 0) + 1,
      uploadedBytes: input.uploads.reduce((sum, upload) => sum + upload.bytes, 0),
    },
  })
  await createAttached(tx, input.projectId, input.id, input.part ?? 0, input.uploads)
  return toRecord(row)
}

export async function find(tx: Tx, id: string): Promise<DatasetVersionRecord | null> {
  const row = await tx.datasetVersion.findUnique({ where: { id } })
  return row && toRecord(row)
}

/** Newest ready version of a dataset. */
export async function findLatest(tx: Tx, datasetId: string): Promise<DatasetVersionRecord | null> {
  const row = await tx.datasetVersion.findFirst({ where: { datasetId, status: 'ready' }, orderBy: { version: 'desc' } })
  return row && toRecord(row)
}

export async function list(tx: Tx, datasetId: string, request: PageRequest): Promise<Page<DatasetVersionRecord>> {
  const rows = await page(request, ({ where, ...range }) => tx.datasetVersion.findMany({ where: { ...where, datasetId }, ...range }))
  return mapPage(rows, toRecord)
}

/** For the supervisor of a run: the manifest of a ready version in one statement. */
export async function findManifest(sql: Sql, id: string): Promise<DatasetManifest | null> {
  const [row] = await sql.query<{ manifest: DatasetManifest | null }>('SELECT manifest FROM dataset_versions WHERE id = $1::uuid', [id])
  return row?.manifest ?? null
}

/** Nobody may submit work on this version before the transaction ends (`holdForUse`), and nobody removes it twice. */
const LOCK_FOR_REMOVAL = 'SELECT id FROM dataset_versions WHERE id = $1::uuid FOR UPDATE'
const LOCK_FOR_USE = 'SELECT id FROM dataset_versions WHERE id = $1::uuid FOR KEY SHARE'

const OPEN_RUNS = `
SELECT count(*) AS count FROM runs
WHERE state NOT IN ('succeeded', 'failed', 'cancelled') AND dataset_version_id = $1::uuid`

/** Files that no version of the project consists of; none while a preparation may be about to use one of them again. */
const NOBODYS_FILES = `
SELECT key FROM unnest($1::text[]) AS key
WHERE NOT EXISTS (SELECT FROM dataset_versions v WHERE v.manifest::text LIKE '%"' || key || '"%')
  AND NOT EXISTS (SELECT FROM runs WHERE kind = 'prepare' AND state NOT IN ('succeeded', 'failed', 'cancelled'))`

/** Files that a version is made of as well go to the oldest such version; the others are nobody's. */
const HAND_ON = `
UPDATE uploads SET dataset_version_id = heir.id
FROM uploads own CROSS JOIN LATERAL (
  SELECT v.id FROM dataset_versions v
  WHERE v.dataset_id = $2::uuid AND v.id <> $1::uuid AND own.object_key = ANY (v.inherited_keys) ORDER BY v.version LIMIT 1
) AS heir
WHERE own.dataset_version_id = $1::uuid AND uploads.id = own.id`

const OPEN_APPENDS = `SELECT count(*) AS count FROM dataset_versions WHERE base_version_id = $1::uuid AND status = 'preparing'`

/** Versions that this one was appended to, as far as they have the row, and all that were appended to those. */
const WITH_ROW = `
WITH RECURSIVE before AS (
  SELECT id, base_version_id, manifest FROM dataset_versions WHERE id = $1::uuid
  UNION ALL SELECT v.id, v.base_version_id, v.manifest FROM dataset_versions v JOIN before ON v.id = before.base_version_id
), family AS (
  SELECT id, manifest FROM before WHERE (manifest -> 'splits' -> $2::text ->> 'rows')::int > $3::int
  UNION SELECT v.id, v.manifest FROM dataset_versions v JOIN family ON v.base_version_id = family.id WHERE v.manifest IS NOT NULL
)
SELECT id, (manifest -> 'splits' -> 'train' ->> 'rows')::int AS "trainRows" FROM family`

/**
 * Versions that hold the same row at the same place: appending changes the place of none.
 * @param row of the split, from 0 @returns empty where the version has no such row
 */
export async function listWithRow(tx: Tx, id: string, split: string, row: number): Promise<{ id: string; trainRows: number }[]> {
  return await sqlOfTransaction(tx).query<{ id: string; trainRows: number }>(WITH_ROW, [id, split, row])
}

/** The version stays while the caller's transaction submits work on it. @returns false when it is gone */
export async function holdForUse(tx: Tx, id: string): Promise<boolean> {
  return (await sqlOfTransaction(tx).query(LOCK_FOR_USE, [id])).length === 1
}

/**
 * Removes a version that no run needs any more, in the project of the transaction.
 * @returns keys of its objects, for after the transaction: uploads are nobody's now, of the others those of `findNobodys`; null when there is
 *   no such version
 * @throws TrainyardError conflict while runs need it
 */
export async function remove(tx: Tx, id: string): Promise<{ uploads: readonly string[]; prepared: readonly string[] } | null> {
  const sql = sqlOfTransaction(tx)
  await sql.query(LOCK_FOR_REMOVAL, [id])
  const found = await tx.datasetVersion.findUnique({ where: { id } })
  if (found === null) return null
  const [open] = await sql.query<{ count: number }>(OPEN_RUNS, [id])
  if (open !== undefined && open.count > 0) {
    throw new TrainyardError('conflict', {
      detail: `${open.count} ${open.count === 1 ? 'run that has' : 'runs that have'} not ended need this version.`,
      hint: 'Wait for them, or cancel their jobs, and delete it then.',
    })
  }
  const [appends] = await sql.query<{ count: number }>(OPEN_APPENDS, [id])
  if (appends !== undefined && appends.count > 0) {
    throw new TrainyardError('conflict', {
      detail: 'A version that is being appended to this one is not ready yet.',
      hint: 'Wait for its preparation, or cancel it, and delete this version then.',
    })
  }
  await sql.query(HAND_ON, [id, found.datasetId])
  const version = await tx.datasetVersion.findUniqueOrThrow({ where: { id }, include: { uploads: { select: { objectKey: true } } } })
  const { manifest } = toRecord(version)
  await tx.datasetVersion.delete({ where: { id } })
  return {
    uploads: version.uploads.map(({ objectKey }) => objectKey),
    prepared: manifest === null ? [] : storedFiles(manifest).map(({ key }) => key),
  }
}

/** Those of the files of a version that is gone that no other has: delete them before the transaction, of its project, ends. */
export async function findNobodys(tx: Tx, keys: readonly string[]): Promise<string[]> {
  const sql = sqlOfTransaction(tx)
  await holdForRemoval(sql)
  return (await sql.query<{ key: string }>(NOBODYS_FILES, [keys])).map(({ key }) => key)
}

function toRecord(row: DatasetVersion): DatasetVersionRecord {
  return {
    ...row,
    manifest: row.manifest === null ? null : fromJson(row.manifest),
    failure: row.failure === null ? null : fromJson(row.failure),
    bytes: row.bytes === null ? null : Number(row.bytes),
    uploadedBytes: Number(row.uploadedBytes),
  }
}
