// The application: plugins in the order in which a request meets them, then the table of routes. Listens to nothing by itself (server.ts does).

import helmet from '@fastify/helmet'
import multipart from '@fastify/multipart'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import type { Deps } from './deps.ts'
import { answerConnectionError, newRequestId } from './http/connection-errors.ts'
import { registerRoute } from './http/register.ts'
import { registerAuthentication } from './plugins/authentication.ts'
import { registerClosing } from './plugins/closing.ts'
import { registerDocs } from './plugins/docs.ts'
import { registerEtag } from './plugins/etag.ts'
import { registerHeldBytes } from './plugins/held-bytes.ts'
import { registerMetrics } from './plugins/http-metrics.ts'
import { registerIdempotency } from './plugins/idempotency.ts'
import { registerJsonBody } from './plugins/json-body.ts'
import { registerMethodTable } from './plugins/method-table.ts'
import { registerProblems, sendProblem, toTrainyardError } from './plugins/problems.ts'
import { registerRateLimit } from './plugins/rate-limit.ts'
import { registerSlowBodies } from './plugins/slow-bodies.ts'
import { uploadLimits } from './plugins/upload-limits.ts'
import { ROUTES } from './routes.ts'

export async function buildApp(deps: Deps): Promise<FastifyInstance> {
  const { connections } = deps.limits
  const app: FastifyInstance = fastify({
    ...(deps.logger === undefined ? { logger: false } : { loggerInstance: deps.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    http: { headersTimeout: connections.headersMs, connectionsCheckingInterval: connections.headersMs / 4 },
    connectionTimeout: connections.idleMs,
    requestTimeout: connections.requestMs,
    clientErrorHandler: answerConnectionError,
    bodyLimit: deps.limits.jsonBytesMax,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => sendProblem(toTrainyardError(error), request, reply),
  })
  app.server.maxConnections = connections.countMax
  app.setSerializerCompiler(serializerCompiler)
  registerProblems(app)
  registerMethodTable(app)
  registerClosing(app)
  registerSlowBodies(app, connections)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  await app.register(helmet, { contentSecurityPolicy: false, crossOriginResourcePolicy: { policy: 'same-origin' } })
  registerMetrics(app, deps)
  registerAuthentication(app, deps)
  await registerRateLimit(app, deps.limits)
  registerJsonBody(app)
  registerHeldBytes(app, deps.limits)
  await app.register(multipart, uploadLimits(deps.limits))
  registerIdempotency(app)
  registerEtag(app)
  registerDocs(app)
  for (const route of ROUTES) registerRoute(app, deps, route)
  await app.ready()
  return app
}
