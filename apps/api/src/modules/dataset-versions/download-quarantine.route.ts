import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { findVersion, requireManifest, versionParams } from './version-files.service.ts'

export const downloadQuarantine = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/quarantine',
  operationId: 'downloadQuarantine',
  tag: 'datasets',
  summary: 'Download the rows that were left out',
  description:
    'CSV with row, code, column, value and content of each row that mode "tolerant" left out; 404 where there is none. Cells that a spreadsheet ' +
    'would calculate begin with an apostrophe.',
  scope: 'read',
  params: versionParams,
  responses: { 200: { description: 'The file.', schema: null, contentType: 'text/csv' } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, deps, reply, transaction }) => {
    const version = await transaction((tx) => findVersion(tx, params))
    const { key, bytes, sha256 } = found(requireManifest(version).quarantine ?? null, 'quarantine')
    return reply
      .headers({ etag: `"${sha256}"`, 'content-length': bytes })
      .header('content-disposition', `attachment; filename="${params.dataset_version_id}-quarantine.csv"`)
      .type('text/csv')
      .send(await deps.storage.get(key))
  },
})
