// One operation of the document, from a route.

import { ERRORS, type ErrorCode, TrainyardError } from '@trainyard/errors'
import type { z } from 'zod'
import { PROBLEM_CONTENT_TYPE, toProblem } from '../http/problem.ts'
import { type Route, TAKES_BODY } from '../http/route.ts'
import type { JsonSchema, SchemaTable } from './schemas.ts'

const KEY_ERRORS: readonly ErrorCode[] = ['unauthenticated', 'forbidden', 'rate_limited']
const BODY_ERRORS: readonly ErrorCode[] = [
  'malformed_json',
  'slow_request',
  'overloaded',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_request',
]
const IDEMPOTENCY_ERRORS: readonly ErrorCode[] = ['idempotency_in_flight', 'idempotency_mismatch']

/** Every code that a response of this operation can carry. */
export function errorsOf(route: Route): readonly ErrorCode[] {
  const { scope, params, query, method, errors = [] } = route
  return [
    ...new Set<ErrorCode>([
      ...(scope === null ? [] : KEY_ERRORS),
      ...(params === undefined ? [] : (['not_found'] as const)),
      ...(query === undefined ? [] : (['invalid_request'] as const)),
      ...(TAKES_BODY[method] ? BODY_ERRORS : []),
      ...(method === 'POST' ? IDEMPOTENCY_ERRORS : []),
      ...errors,
      'unavailable',
      'internal',
    ]),
  ]
}

export function renderOperation(route: Route, table: SchemaTable): JsonSchema {
  const { operationId, summary, description, tag, scope, method } = route
  return {
    operationId,
    summary,
    description,
    tags: [tag],
    ...(scope === null ? { security: [] } : { security: [{ api_key: [] }], 'x-required-scope': scope }),
    parameters: [
      ...parametersOf(route.params, 'path', table),
      ...parametersOf(route.query, 'query', table),
      ...(method === 'POST' && scope !== null ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ],
    ...requestBody(route, table),
    responses: { ...successes(route, table), ...problems(route) },
  }
}

function parametersOf(schema: z.ZodType | undefined, location: 'path' | 'query', table: SchemaTable): JsonSchema[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = table.of(schema) as { properties?: Record<string, JsonSchema>; required?: string[] }
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: location,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }))
}

function requestBody({ body, streams, bodyExamples = {} }: Route, table: SchemaTable): JsonSchema {
  if (body === undefined) return {}
  const examples = Object.fromEntries(Object.entries(bodyExamples).map(([name, value]) => [name, { value }]))
  const content = { schema: table.of(body), ...(Object.keys(examples).length === 0 ? {} : { examples }) }
  return { requestBody: { required: true, content: { [streams ?? 'application/json']: content } } }
}

function successes({ responses }: Route, table: SchemaTable): JsonSchema {
  const entries = Object.entries(responses).map(([status, { description, schema, contentType, example }]) => {
    const json = schema === null ? (contentType === undefined ? null : { type: 'string' }) : table.of(schema)
    if (json === null) return [status, { description }] as const
    const content = { [contentType ?? 'application/json']: { schema: json, ...(example === undefined ? {} : { example }) } }
    return [status, { description, content }] as const
  })
  return Object.fromEntries(entries)
}

/** Codes of one status share a response, with an example of each. */
function problems(route: Route): JsonSchema {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of errorsOf(route)) byStatus.set(ERRORS[code].status, [...(byStatus.get(ERRORS[code].status) ?? []), code])
  const entries = [...byStatus].map(([status, codes]) => {
    const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]))
    const content = { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: '#/components/schemas/Problem' }, examples } }
    return [String(status), { description: codes.map((code) => `${ERRORS[code].title}.`).join(' '), content }] as const
  })
  return Object.fromEntries(entries.sort(([a], [b]) => Number(a) - Number(b)))
}

const EXAMPLE_ISSUES: Partial<Record<ErrorCode, { path: string; code: string; message: string; hint: string }>> = {
  invalid_request: { path: 'nmae', code: 'unknown_key', message: '"nmae" is no field here.', hint: 'Did you mean "name"?' },
  invalid_model: {
    path: 'spec.layers[3]',
    code: 'window_too_large',
    message: '"conv2": the window 5x5 does not fit the 4x4 input with padding 0.',
    hint: 'Use padding 2 or a smaller kernel.',
  },
}

/** A problem document with this code. */
export function exampleOf(code: ErrorCode): JsonSchema {
  const issue = EXAMPLE_ISSUES[code]
  return { ...toProblem(new TrainyardError(code, issue === undefined ? {} : { issues: [issue] }), 'req_019ab3c2f4d17c3e8f00a1b2c3d4e5f6') }
}
