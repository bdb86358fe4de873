import { apiKeySchema, listSchema } from '@trainyard/contracts'
import { apiKeys } from '@trainyard/database'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeApiKey } from './api-key.serializer.ts'

export const listApiKeys = defineRoute({
  method: 'GET',
  path: '/v1/api-keys',
  operationId: 'listApiKeys',
  tag: 'api-keys',
  summary: 'List API keys',
  description:
    'The keys of the project, without their secrets: those are shown once, when a key is made with `npm run cli -- keys create`.',
  scope: 'read',
  query: pageQueryOf('api_key'),
  responses: { 200: { description: 'A page of keys.', schema: listSchema(apiKeySchema) } },
  handler: ({ query, transaction, principal }) =>
    transaction(async (tx) => toList(await apiKeys.list(tx, principal.projectId, pageRequest('api_key', query)), serializeApiKey)),
})
