import { datasetDiffSchema, idSchema } from '@trainyard/contracts'
import { compareColumns, compareRows } from '@trainyard/datasets'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { describe, findCompared, indexedRows } from './diff-versions.service.ts'
import { versionParams } from './version-files.service.ts'

export const baseQuery = z.strictObject({
  base: idSchema('dataset_version').optional().meta({ description: 'What to compare with. Default: the version that it was appended to.' }),
})

export const diffDatasetVersion = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/diff',
  operationId: 'diffDatasetVersion',
  tag: 'datasets',
  summary: 'Compare a version with another one',
  description:
    'Rows added, removed, changed and moved to another split; columns and classes that came, went or changed their type; and drift: population ' +
    'stability index, Kolmogorov–Smirnov and Jensen–Shannon per column, with what chance alone makes of them. Rows are the same by the column ' +
    '`id` of the preparation, images by their pixels, other rows by all that they hold.',
  scope: 'read',
  params: versionParams,
  query: baseQuery,
  responses: { 200: { description: 'The difference.', schema: datasetDiffSchema } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, query, deps: { storage }, transaction }) => {
    const { base, version } = await transaction((tx) => findCompared(tx, params, query.base))
    return {
      object: 'dataset_diff',
      dataset_version_id: version.id,
      base_version_id: base.id,
      equal: base.manifest.digest === version.manifest.digest,
      rows: await compareRows(indexedRows(storage, base), indexedRows(storage, version)),
      ...(await compareColumns(await describe(storage, base), await describe(storage, version))),
    }
  },
})
