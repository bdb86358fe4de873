import { previewSchema, toWireId } from '@trainyard/contracts'
import { previewRows } from '@trainyard/datasets'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { findVersion, readRows, requireManifest, versionParams } from './version-files.service.ts'

export const windowQuery = (limitMax: number, limit: number) =>
  z.strictObject({
    split: z.string().min(1).max(64).default('train'),
    offset: z.coerce.number().int().min(0).default(0).meta({ description: 'First row, from 0.' }),
    limit: z.coerce.number().int().min(1).max(limitMax).default(limit),
  })

export const previewDatasetVersion = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/preview',
  operationId: 'previewDatasetVersion',
  tag: 'datasets',
  summary: 'Look at rows',
  description:
    'Rows of a split as training reads them, before any transform: categories by name, missing values as null, up to 200 columns.',
  scope: 'read',
  params: versionParams,
  query: windowQuery(100, 20),
  responses: { 200: { description: 'The rows.', schema: previewSchema } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, query, deps, transaction }) => {
    const version = await transaction((tx) => findVersion(tx, params))
    const manifest = requireManifest(version)
    const window = await readRows(deps.storage, manifest, query)
    return {
      object: 'dataset_preview',
      dataset_version_id: toWireId('dataset_version', version.id),
      split: query.split,
      total_rows: manifest.splits[query.split]?.rows ?? 0,
      rows: previewRows(manifest, window, query.offset),
    }
  },
})
