import { type DatasetVersion, toWireId } from '@trainyard/contracts'
import type { DatasetVersionRecord } from '@trainyard/database'

export function serializeDatasetVersion(row: DatasetVersionRecord): DatasetVersion {
  const { manifest } = row
  return {
    id: toWireId('dataset_version', row.id),
    object: 'dataset_version',
    dataset_id: toWireId('dataset', row.datasetId),
    version: row.version,
    base_version_id: row.baseVersionId === null ? null : toWireId('dataset_version', row.baseVersionId),
    status: row.status,
    job_id: row.jobId === null ? null : toWireId('job', row.jobId),
    digest: row.digest,
    uploaded_bytes: row.uploadedBytes,
    input: manifest?.input ?? null,
    target: manifest?.target ?? null,
    splits: Object.fromEntries(
      Object.entries(manifest?.splits ?? {}).map(([name, { rows, class_counts }]) => [
        name,
        { rows, ...(class_counts === undefined ? {} : { class_counts }) },
      ]),
    ),
    normalization: manifest?.normalization ?? null,
    failure: row.failure,
    created_at: row.createdAt.toISOString(),
  }
}
