import { datasetSchema } from '@trainyard/contracts'
import { datasets } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeDataset } from './dataset.serializer.ts'

export const getDataset = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}',
  operationId: 'getDataset',
  tag: 'datasets',
  summary: 'Get a dataset',
  description: 'With its newest ready version.',
  scope: 'read',
  params: idParams('dataset'),
  responses: { 200: { description: 'The dataset.', schema: datasetSchema } },
  handler: ({ params, transaction }) =>
    transaction(async (tx) => serializeDataset(found(await datasets.find(tx, uuidOf('dataset', params.dataset_id)), params.dataset_id))),
})
