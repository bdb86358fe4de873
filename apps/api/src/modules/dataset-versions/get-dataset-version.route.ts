import { datasetVersionSchema, idSchema } from '@trainyard/contracts'
import { datasetVersions } from '@trainyard/database'
import { z } from 'zod'
import { uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeDatasetVersion } from './dataset-version.serializer.ts'

export const getDatasetVersion = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}',
  operationId: 'getDatasetVersion',
  tag: 'datasets',
  summary: 'Get a version of a dataset',
  description: 'Its status tells whether it can be used; a version that failed says why.',
  scope: 'read',
  params: z.strictObject({ dataset_id: idSchema('dataset'), dataset_version_id: idSchema('dataset_version') }),
  responses: { 200: { description: 'The version.', schema: datasetVersionSchema } },
  handler: ({ params, transaction }) =>
    transaction(async (tx) => {
      const version = await datasetVersions.find(tx, uuidOf('dataset_version', params.dataset_version_id))
      const isOfDataset = version?.datasetId === uuidOf('dataset', params.dataset_id)
      return serializeDatasetVersion(found(isOfDataset ? version : null, params.dataset_version_id))
    }),
})
