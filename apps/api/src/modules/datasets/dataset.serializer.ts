import { type Dataset, toWireId } from '@trainyard/contracts'
import type { DatasetRecord } from '@trainyard/database'

export function serializeDataset(row: DatasetRecord): Dataset {
  return {
    id: toWireId('dataset', row.id),
    object: 'dataset',
    name: row.name,
    description: row.description,
    latest_version_id: row.latestVersionId === null ? null : toWireId('dataset_version', row.latestVersionId),
    created_at: row.createdAt.toISOString(),
  }
}
