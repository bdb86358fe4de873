import { datasetVersionSchema, listSchema } from '@trainyard/contracts'
import { datasets, datasetVersions } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeDatasetVersion } from './dataset-version.serializer.ts'

export const listDatasetVersions = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions',
  operationId: 'listDatasetVersions',
  tag: 'datasets',
  summary: 'List the versions of a dataset',
  description: 'Newest first, unless `order` says otherwise.',
  scope: 'read',
  params: idParams('dataset'),
  query: pageQueryOf('dataset_version'),
  responses: { 200: { description: 'A page of versions.', schema: listSchema(datasetVersionSchema) } },
  handler: ({ params, query, transaction }) =>
    transaction(async (tx) => {
      const dataset = found(await datasets.find(tx, uuidOf('dataset', params.dataset_id)), params.dataset_id)
      return toList(await datasetVersions.list(tx, dataset.id, pageRequest('dataset_version', query)), serializeDatasetVersion)
    }),
})
