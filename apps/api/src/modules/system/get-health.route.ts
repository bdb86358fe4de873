import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'

export const getHealth = defineRoute({
  method: 'GET',
  path: '/healthz',
  operationId: 'getHealth',
  tag: 'system',
  summary: 'Whether the process runs',
  description: 'Asks nothing else: a broken database does not restart the API.',
  scope: null,
  responses: { 200: { description: 'It does.', schema: z.object({ status: z.literal('ok') }) } },
  handler: () => ({ status: 'ok' }),
})
