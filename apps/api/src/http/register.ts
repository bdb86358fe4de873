// From the table of routes to Fastify.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { principalOf } from '../plugins/authentication.ts'
import { once } from './once.ts'
import { schemaOrNothing, validatorCompiler } from './parse.ts'
import { type Route, type RouteContext, TAKES_BODY } from './route.ts'

export function registerRoute(app: FastifyInstance, deps: Deps, route: Route): void {
  const { method, path, streams } = route
  const url = path.replaceAll(/\{(\w+)\}/g, ':$1')
  const body = TAKES_BODY[method] && streams === undefined ? { body: schemaOrNothing(route.body) } : {}
  app.route({
    method,
    url,
    schema: {
      ...(route.params === undefined ? {} : { params: route.params }),
      querystring: schemaOrNothing(route.query),
      ...body,
      response: responseSchemas(route),
    },
    config: { operation: route },
    validatorCompiler: validatorCompiler(route.parseBody),
    bodyLimit: route.bodyBytesMax?.(deps) ?? deps.limits.jsonBytesMax,
    handler: (request, reply) => handle(route, deps, request, reply),
  })
}

function responseSchemas({ responses }: Route) {
  return Object.fromEntries(Object.entries(responses).flatMap(([status, { schema }]) => (schema === null ? [] : [[status, schema]])))
}

async function handle(route: Route, deps: Deps, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const [status] = Object.keys(route.responses)
  reply.code(Number(status))
  const context: RouteContext<unknown, unknown, unknown> = {
    params: request.params,
    query: request.query,
    body: request.body,
    deps,
    get principal() {
      return principalOf(request)
    },
    request,
    reply,
    get sql() {
      return deps.database.projectSql(principalOf(request).projectId)
    },
    transaction: (work) => deps.database.withProject(principalOf(request).projectId, work),
    once: (code, work) => once(deps, request, reply, code, work),
  }
  return route.handler(context)
}
