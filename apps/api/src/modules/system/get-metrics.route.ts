import { defineRoute } from '../../http/route.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export const getMetrics = defineRoute({
  method: 'GET',
  path: '/metrics',
  operationId: 'getMetrics',
  tag: 'system',
  summary: 'Metrics for Prometheus',
  description: 'Requests of this process, and jobs and queue of all projects, as counts. Keep it from the public.',
  scope: null,
  responses: { 200: { description: 'The text format of Prometheus.', schema: null, contentType: 'text/plain' } },
  handler: async ({ request, reply }) => reply.type(CONTENT_TYPE).send(await request.server.metricsRegistry.metrics()),
})
