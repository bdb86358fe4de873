import { defineRoute } from '../../http/route.ts'

export const getOpenapi = defineRoute({
  method: 'GET',
  path: '/openapi.json',
  operationId: 'getOpenapi',
  tag: 'system',
  summary: 'This document',
  description: 'OpenAPI 3.1. The page at /docs shows it.',
  scope: null,
  responses: { 200: { description: 'The document.', schema: null, contentType: 'application/json' } },
  handler: ({ request, reply }) => reply.type('application/json; charset=utf-8').send(request.server.openapiText),
})
