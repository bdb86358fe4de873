import { datasetSchema, listSchema } from '@trainyard/contracts'
import { datasets } from '@trainyard/database'
import { z } from 'zod'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeDataset } from './dataset.serializer.ts'

export const listDatasets = defineRoute({
  method: 'GET',
  path: '/v1/datasets',
  operationId: 'listDatasets',
  tag: 'datasets',
  summary: 'List datasets',
  description: 'Newest first, unless `order` says otherwise.',
  scope: 'read',
  query: pageQueryOf('dataset').extend({ name: z.string().optional().meta({ description: 'Only those of this name.' }) }),
  responses: { 200: { description: 'A page of datasets.', schema: listSchema(datasetSchema) } },
  handler: ({ query, transaction }) =>
    transaction(async (tx) => toList(await datasets.list(tx, pageRequest('dataset', query), { name: query.name }), serializeDataset)),
})
