// Who asks: an API key in the header `authorization: Bearer ty_…`, before the body is read. Its project is the only one that exists for the
// rest of the request.

import { type Authentication, apiKeys, type Principal } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import type { Route } from '../http/route.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: Route
  }
  interface FastifyRequest {
    principal: Principal | null
  }
}

const REASONS = {
  unknown: 'The API key is not known.',
  expired: 'The API key has expired.',
  revoked: 'The API key was revoked.',
} as const satisfies Record<Exclude<Authentication['outcome'], 'authenticated'>, string>

export function registerAuthentication(app: FastifyInstance, { database }: Deps): void {
  app.decorateRequest('principal', null)
  app.addHook('onRequest', async (request) => {
    const scope = request.routeOptions.config.operation?.scope ?? null
    if (scope === null) return
    const result = await apiKeys.authenticate(database.apiSql, bearerOf(request))
    if (result.outcome !== 'authenticated') throw new TrainyardError('unauthenticated', { detail: REASONS[result.outcome] })
    if (!result.principal.scopes.includes(scope)) {
      throw new TrainyardError('forbidden', { detail: `The API key lacks the scope "${scope}".` })
    }
    request.principal = result.principal
  })
}

function bearerOf(request: FastifyRequest): string {
  const { authorization } = request.headers
  if (authorization === undefined) throw new TrainyardError('unauthenticated', { detail: 'The header authorization is missing.' })
  const [scheme, key, ...rest] = authorization.split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || key === undefined || rest.length > 0) {
    throw new TrainyardError('unauthenticated', { detail: 'The header authorization is not of the form "Bearer <key>".' })
  }
  return key
}

/** Of a route with a scope. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new TrainyardError('unauthenticated')
  return request.principal
}
