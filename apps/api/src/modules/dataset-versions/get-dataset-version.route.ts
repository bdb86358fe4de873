import { datasetVersionSchema } from '@trainyard/contracts'
import { defineRoute } from '../../http/route.ts'
import { serializeDatasetVersion } from './dataset-version.serializer.ts'
import { findVersion, versionParams } from './version-files.service.ts'

export const getDatasetVersion = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}',
  operationId: 'getDatasetVersion',
  tag: 'datasets',
  summary: 'Get a version of a dataset',
  description: 'Its status tells whether it can be used; a version that failed says why.',
  scope: 'read',
  params: versionParams,
  responses: { 200: { description: 'The version.', schema: datasetVersionSchema } },
  handler: ({ params, transaction }) => transaction(async (tx) => serializeDatasetVersion(await findVersion(tx, params))),
})
