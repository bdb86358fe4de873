// Files of users, from the first byte that is announced to the version that is made of them. Bytes are reserved before they come, so that a
// quota holds whoever races whom.

import { newUuid, type UploadRole } from '@trainyard/contracts'
import { TrainyardError } from '@trainyard/errors'
import type { Tx } from './database.ts'
import type { Upload, UploadPart } from './generated/client.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'

export interface UploadRecord extends Omit<Upload, 'bytes' | 'role'> {
  readonly bytes: number
  readonly role: UploadRole | null
  /** In order of their numbers. */
  readonly parts: readonly UploadPartRecord[]
}

export type UploadPartRecord = Pick<UploadPart, 'number' | 'bytes' | 'sha256' | 'tag'>

/** A file that was stored whole. */
export interface NewUpload {
  readonly role: UploadRole
  readonly fileName: string
  readonly objectKey: string
  readonly bytes: number
  readonly sha256: string
}

/** A file that will come in parts. */
export interface BeginUpload {
  readonly id: string
  readonly projectId: string
  readonly fileName: string
  readonly objectKey: string
  /** In all, as the client announced. */
  readonly bytes: number
  readonly partBytes: number
  readonly token: string
  /** As the client announced it. */
  readonly sha256: string | null
  readonly expiresAt: Date
}

export interface StorageUsage {
  /** Bytes of uploads (announced ones included), prepared versions, checkpoints and states of preparations under way. */
  readonly used: number
  /** null: none. */
  readonly limit: number | null
}

export async function storageUsage(tx: Tx, projectId: string): Promise<StorageUsage> {
  const [row] = await tx.$queryRaw<{ used: bigint; limit: bigint | null }[]>`
    SELECT storage_limit AS "limit", (
      (SELECT coalesce(sum(bytes), 0) FROM uploads WHERE project_id = p.id) +
      (SELECT coalesce(sum(bytes), 0) FROM dataset_versions WHERE project_id = p.id) +
      (SELECT coalesce(sum(bytes), 0) FROM checkpoints WHERE project_id = p.id) +
      (SELECT coalesce(sum(bytes), 0) FROM preparation_files WHERE project_id = p.id))::bigint AS used
    FROM projects p WHERE id = ${projectId}::uuid`
  return { used: Number(row?.used ?? 0), limit: row?.limit == null ? null : Number(row.limit) }
}

/**
 * Holds the project's storage for this transaction and checks that so many bytes more fit. Whoever asks at the same time waits.
 * @throws TrainyardError quota_exceeded
 */
export async function requireSpace(tx: Tx, projectId: string, bytes: number): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`storage ${projectId}`}, 0))::text`
  const { used, limit } = await storageUsage(tx, projectId)
  if (limit === null || used + bytes <= limit) return
  throw new TrainyardError('quota_exceeded', {
    detail: `The project stores ${used} of ${limit} bytes; ${bytes} more do not fit.`,
    hint: 'Delete dataset versions, checkpoints or unfinished uploads, or ask the operator for more storage.',
  })
}

/** @throws TrainyardError quota_exceeded */
export async function begin(tx: Tx, input: BeginUpload): Promise<UploadRecord> {
  await requireSpace(tx, input.projectId, input.bytes)
  return toRecord({ ...(await tx.upload.create({ data: input })), parts: [] })
}

/** @returns null also for one that is being removed */
export async function find(tx: Tx, id: string): Promise<UploadRecord | null> {
  const row = await tx.upload.findFirst({ where: { id, removingAt: null }, include: { parts: { orderBy: { number: 'asc' } } } })
  return row && toRecord(row)
}

/** As `find`, and nobody else changes it before the transaction ends. */
export async function findLocked(tx: Tx, id: string): Promise<UploadRecord | null> {
  await tx.$queryRaw`SELECT id FROM uploads WHERE id = ${id}::uuid FOR UPDATE`
  return find(tx, id)
}

/** Those that were announced on their own. */
export async function list(tx: Tx, request: PageRequest): Promise<Page<UploadRecord>> {
  const rows = await page(request, ({ where, ...range }) =>
    tx.upload.findMany({
      where: { ...where, partBytes: { not: null }, removingAt: null },
      include: { parts: { orderBy: { number: 'asc' } } },
      ...range,
    }),
  )
  return mapPage(rows, toRecord)
}

/** A part that the storage has; the last one sent counts. */
export async function putPart(tx: Tx, upload: Pick<UploadRecord, 'id' | 'projectId'>, part: UploadPartRecord): Promise<void> {
  const { number, bytes, sha256, tag } = part
  await tx.uploadPart.upsert({
    where: { uploadId_number: { uploadId: upload.id, number } },
    create: { projectId: upload.projectId, uploadId: upload.id, number, bytes, sha256, tag },
    update: { bytes, sha256, tag, createdAt: new Date() },
  })
}

export async function removePart(tx: Tx, uploadId: string, number: number): Promise<void> {
  await tx.uploadPart.deleteMany({ where: { uploadId, number } })
}

/** The object is there, whole. @param sha256 of the whole, where it is known */
export async function complete(tx: Tx, id: string, sha256: string | null): Promise<UploadRecord> {
  const row = await tx.upload.update({
    where: { id },
    data: { sha256, completedAt: new Date() },
    include: { parts: { orderBy: { number: 'asc' } } },
  })
  return toRecord(row)
}

/** Files that came with the request that makes their version. */
export async function createAttached(
  tx: Tx,
  projectId: string,
  datasetVersionId: string,
  part: number,
  uploads: readonly NewUpload[],
): Promise<void> {
  const completedAt = new Date()
  await tx.upload.createMany({
    data: uploads.map((upload) => ({ id: newUuid(), projectId, datasetVersionId, part, completedAt, ...upload })),
  })
}

/** The source of a version from now on. @returns false where it is not complete or is one already */
export async function attach(
  tx: Tx,
  { id, bytes }: Pick<UploadRecord, 'id' | 'bytes'>,
  datasetVersionId: string,
  role: UploadRole,
  part = 0,
): Promise<boolean> {
  const { count } = await tx.upload.updateMany({
    where: { id, datasetVersionId: null, completedAt: { not: null }, removingAt: null },
    data: { datasetVersionId, part, role, expiresAt: null },
  })
  if (count === 1) await addBytes(tx, datasetVersionId, bytes)
  return count === 1
}

async function addBytes(tx: Tx, datasetVersionId: string, bytes: number): Promise<void> {
  await tx.datasetVersion.update({ where: { id: datasetVersionId }, data: { uploadedBytes: { increment: bytes } } })
}

/** A file that the preparation of a version fetches. */
export interface AnnouncedImport {
  readonly id: string
  readonly projectId: string
  readonly datasetVersionId: string
  readonly role: UploadRole
  readonly part?: number
  readonly fileName: string
  readonly objectKey: string
  readonly sourceUrl: string
}

export async function announceImport(tx: Tx, input: AnnouncedImport): Promise<void> {
  await tx.upload.create({ data: { ...input, bytes: 0 } })
}

/**
 * What was fetched is stored. Fetching it again changes nothing.
 * @throws TrainyardError quota_exceeded
 */
export async function completeImport(tx: Tx, objectKey: string, { bytes, sha256 }: { bytes: number; sha256: string }): Promise<void> {
  const upload = await tx.upload.findUnique({ where: { objectKey } })
  if (upload === null || upload.datasetVersionId === null || upload.completedAt !== null) return
  await requireSpace(tx, upload.projectId, bytes)
  const { count } = await tx.upload.updateMany({
    where: { objectKey, completedAt: null },
    data: { bytes, sha256, completedAt: new Date() },
  })
  if (count === 1) await addBytes(tx, upload.datasetVersionId, bytes)
}

export async function remove(tx: Tx, id: string): Promise<void> {
  await tx.upload.deleteMany({ where: { id } })
}

/**
 * Marks uploads that nobody has used in time, at most so many, and those whose removal was begun and not ended; nobody else uses or gets them.
 * Their files are to be deleted then, and the rows at last. Takes a worker's transaction.
 * @param againAfterMs after which a removal that was begun is taken for broken off
 */
export async function takeExpired(tx: Tx, limit: number, againAfterMs: number): Promise<UploadRecord[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    UPDATE uploads SET removing_at = clock_timestamp() WHERE id IN (
      SELECT id FROM uploads
      WHERE expires_at < clock_timestamp()
        AND (removing_at IS NULL OR removing_at < clock_timestamp() - ${againAfterMs}::float8 * interval '1 millisecond')
      ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ) RETURNING id`
  const found = await tx.upload.findMany({ where: { id: { in: rows.map(({ id }) => id) } }, include: { parts: true } })
  return found.map(toRecord)
}

/** Marks one that is given up, which is found by `takeExpired` if its removal breaks off. */
export async function startRemoval(tx: Tx, id: string): Promise<void> {
  const now = new Date()
  await tx.upload.update({ where: { id }, data: { removingAt: now, expiresAt: now } })
}

export async function listOfVersion(tx: Tx, datasetVersionId: string): Promise<UploadRecord[]> {
  const rows = await tx.upload.findMany({ where: { datasetVersionId }, orderBy: { role: 'asc' }, include: { parts: true } })
  return rows.map(toRecord)
}

function toRecord(row: Upload & { parts: readonly UploadPart[] }): UploadRecord {
  return {
    ...row,
    role: row.role as UploadRole | null,
    bytes: Number(row.bytes),
    parts: row.parts.map(({ number, bytes, sha256, tag }) => ({ number, bytes, sha256, tag })),
  }
}
