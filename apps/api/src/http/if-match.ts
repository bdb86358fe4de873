// If-Match on what is changed: the change happens only to what the client has seen.

import { TrainyardError } from '@trainyard/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { etagOf, tagsOf } from '../plugins/etag.ts'

/**
 * @param representation as a GET of the resource returns it
 * @param status of a response of this operation with the same schema
 * @throws TrainyardError precondition_failed
 */
export function requireMatch(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  representation: Readonly<Record<string, unknown>>,
): void {
  const header = request.headers['if-match']
  if (header === undefined) return
  const etag = etagOf(reply.serializeInput(representation, String(status)) as string)
  // Strong comparison (RFC 9110, 13.1.1): a weak tag never matches.
  if (tagsOf(header).some((tag) => tag === '*' || tag === etag)) return
  throw new TrainyardError('precondition_failed', { detail: `The resource is now ${etag}; If-Match asks for ${header.slice(0, 200)}.` })
}
