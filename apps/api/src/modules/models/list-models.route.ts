import { listSchema, modelSchema } from '@trainyard/contracts'
import { models } from '@trainyard/database'
import { z } from 'zod'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeModel } from './model.serializer.ts'

export const listModels = defineRoute({
  method: 'GET',
  path: '/v1/models',
  operationId: 'listModels',
  tag: 'models',
  summary: 'List models',
  description: 'All versions of all models, newest first, unless `order` says otherwise.',
  scope: 'read',
  query: pageQueryOf('model').extend({ name: z.string().optional().meta({ description: 'Only the versions of this model.' }) }),
  responses: { 200: { description: 'A page of models.', schema: listSchema(modelSchema) } },
  handler: ({ query, transaction }) =>
    transaction(async (tx) => toList(await models.list(tx, pageRequest('model', query), { name: query.name }), serializeModel)),
})
