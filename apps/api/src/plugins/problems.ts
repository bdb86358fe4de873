// Every error becomes a problem document: ours as they are, those of Fastify and of the database by table, all others as `internal`.

import { ERRORS, type ErrorCode, TrainyardError } from '@trainyard/errors'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PROBLEM_CONTENT_TYPE, toProblem } from '../http/problem.ts'
import { isDatabaseUnavailable } from './database-errors.ts'

/** Code of Fastify or its plugins → ours. */
const FRAMEWORK_ERRORS: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_json',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'unsupported_media_type',
  FST_PARTS_LIMIT: 'payload_too_large',
  FST_FILES_LIMIT: 'payload_too_large',
  FST_FIELDS_LIMIT: 'payload_too_large',
  FST_REQ_FILE_TOO_LARGE: 'payload_too_large',
  FST_PROTO_VIOLATION: 'malformed_upload',
}

export function registerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendProblem(toTrainyardError(error), request, reply))
  app.setNotFoundHandler((request, reply) => sendProblem(notFound(app, request, reply), request, reply))
}

export function sendProblem(error: TrainyardError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request.id)
  // Also where no hook has run.
  reply.header('x-request-id', request.id)
  if (problem.status >= 500) request.log.error({ err: error, cause: error.cause }, 'request failed')
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  if (problem.status === 409 || problem.status === 429) reply.header('x-should-retry', String(problem.retryable))
  if (problem.status === 503 || error.code === 'idempotency_in_flight') reply.header('retry-after', '1')
  // As bytes: to text, Fastify would add a charset, which this media type does not have.
  const body = Buffer.from(JSON.stringify(problem))
  return reply.code(problem.status).headers({ 'cache-control': 'no-store', 'content-type': PROBLEM_CONTENT_TYPE }).send(body)
}

export function toTrainyardError(error: unknown): TrainyardError {
  if (error instanceof TrainyardError) return error
  const { code = '', statusCode, message } = error as Partial<FastifyError>
  const known = Object.hasOwn(FRAMEWORK_ERRORS, code) ? FRAMEWORK_ERRORS[code] : undefined
  if (known !== undefined) return new TrainyardError(known, { detail: describe(known, message), cause: error })
  if (isDatabaseUnavailable(error)) return new TrainyardError('unavailable', { detail: 'The database does not answer.', cause: error })
  // Fastify's own complaints about a request, such as a prototype in JSON.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new TrainyardError('malformed_json', { detail: `${message}.`, cause: error })
  return new TrainyardError('internal', { cause: error })
}

function describe(code: ErrorCode, message: string | undefined): string {
  return code === 'not_found' ? 'The path is not a valid URL.' : (message ?? ERRORS[code].title)
}

/** A path that exists for other methods is 405, with what it allows. */
function notFound(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): TrainyardError {
  const path = request.url.split('?', 1)[0] ?? ''
  const allowed = app.methodsOf(path)
  if (allowed.length === 0)
    return new TrainyardError('not_found', { detail: `There is nothing at ${path.slice(0, 200)}.`, hint: 'See /docs for all paths.' })
  reply.header('allow', allowed.join(', '))
  return new TrainyardError('method_not_allowed', { detail: `${request.method} is not allowed here. Expected ${allowed.join(' or ')}.` })
}
