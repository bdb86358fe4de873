import { toWireId, type Upload } from '@trainyard/contracts'
import type { UploadRecord } from '@trainyard/database'
import { nextOffset } from './upload-parts.ts'

export function serializeUpload(row: UploadRecord): Upload {
  const partBytes = row.partBytes ?? row.bytes
  return {
    id: toWireId('upload', row.id),
    object: 'upload',
    file_name: row.fileName,
    bytes: row.bytes,
    sha256: row.sha256,
    status: row.datasetVersionId !== null ? 'attached' : row.completedAt !== null ? 'complete' : 'open',
    part_bytes: partBytes,
    parts_total: Math.ceil(row.bytes / partBytes),
    parts: row.parts.map(({ number, bytes, sha256 }) => ({ number, bytes, sha256 })),
    next_offset: row.completedAt === null ? nextOffset({ ...row, partBytes }) : row.bytes,
    dataset_version_id: row.datasetVersionId === null ? null : toWireId('dataset_version', row.datasetVersionId),
    expires_at: row.expiresAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  }
}
