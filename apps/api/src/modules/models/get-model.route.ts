import { modelSchema } from '@trainyard/contracts'
import { models } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeModel } from './model.serializer.ts'

export const getModel = defineRoute({
  method: 'GET',
  path: '/v1/models/{model_id}',
  operationId: 'getModel',
  tag: 'models',
  summary: 'Get a model',
  description: 'One version of a model, with its layers.',
  scope: 'read',
  params: idParams('model'),
  responses: { 200: { description: 'The model.', schema: modelSchema } },
  handler: ({ params, transaction }) =>
    transaction(async (tx) => serializeModel(found(await models.find(tx, uuidOf('model', params.model_id)), params.model_id))),
})
