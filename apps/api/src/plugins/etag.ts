// ETag and If-None-Match on everything that is read as JSON: what is polled costs 304 and no body while nothing changes.

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

export function registerEtag(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const operation = request.routeOptions.config.operation
    if (operation?.method !== 'GET' || operation.scope === null || reply.statusCode !== 200 || typeof payload !== 'string') return payload
    const etag = etagOf(payload)
    reply.header('etag', etag).header('cache-control', 'private, no-cache')
    if (!matches(request.headers['if-none-match'], etag)) return payload
    reply.code(304).removeHeader('content-type')
    reply.removeHeader('content-length')
    return null
  })
}

export function etagOf(payload: string): string {
  return `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`
}

/** The tags of If-Match or If-None-Match, as they are. */
export function tagsOf(header: string): string[] {
  return header.split(',').map((tag) => tag.trim())
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2). */
export function matches(header: string | undefined, etag: string): boolean {
  return header !== undefined && tagsOf(header).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)
}
