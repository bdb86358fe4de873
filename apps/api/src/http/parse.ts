// From what a client sent to a value of the contract, or every mistake in it.

import { type Parsed, parseWithIssues } from '@trainyard/engine/spec'
import { type Issue, TrainyardError } from '@trainyard/errors'
import type { FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'

export type Parse<T> = (value: unknown) => Parsed<T>

const NOTHING = z.strictObject({}).prefault({})

/** Query and parameters that a route does not name are mistakes, not noise. */
export function schemaOrNothing(schema: z.ZodType | undefined): z.ZodType {
  return schema ?? NOTHING
}

/** Part of the request → prefix of the paths of its issues. The body has none: its paths are those of the JSON. */
const PREFIXES: Readonly<Record<string, string>> = { querystring: 'query', headers: 'header' }

/**
 * Fastify's validator: zod's issues in our words. An id in the path that cannot exist is a resource that does not.
 * @param parseBody instead of the body's schema
 */
export function validatorCompiler(parseBody?: Parse<unknown>): FastifySchemaCompiler<unknown> {
  return ({ schema: given, httpPart }) => {
    // Routes are made by registerRoute only, from zod schemas.
    const schema = given as z.ZodType
    if (httpPart === 'body' && parseBody !== undefined) return (value) => toResult(parseBody(value ?? undefined))
    if (httpPart === 'params') return (value) => toParams(schema.safeParse(value), value)
    // No body is null to Fastify.
    return (value) => toResult(parseWithIssues(schema, plain(value ?? undefined), PREFIXES[httpPart ?? ''] ?? ''))
  }
}

/** Query strings come as an object without a prototype. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== null) return value
  return Object.fromEntries(Object.entries(value))
}

function toResult(parsed: Parsed<unknown>): { value: unknown } | { error: TrainyardError } {
  if (parsed.ok) return { value: parsed.value }
  return { error: invalidRequest(parsed.issues) }
}

function toParams(result: z.ZodSafeParseResult<unknown>, value: unknown): { value: unknown } | { error: TrainyardError } {
  if (result.success) return { value: result.data }
  const id = Object.values(value as Record<string, string>).at(-1) ?? ''
  return { error: missing(id) }
}

/** Where all mistakes lie → the code that says so. */
const CODES_BY_PATH = [
  { pattern: /^(model|spec)\b/, code: 'invalid_model' },
  { pattern: /^training\b/, code: 'invalid_training' },
] as const

export function invalidRequest(issues: readonly Issue[]): TrainyardError {
  const place = CODES_BY_PATH.find(({ pattern }) => issues.length > 0 && issues.every(({ path }) => pattern.test(path)))
  return new TrainyardError(place?.code ?? 'invalid_request', { detail: summarize(issues), issues })
}

function summarize(issues: readonly Issue[]): string {
  const [first] = issues
  if (first === undefined) return 'The request has mistakes.'
  const text = first.path === '' ? first.message : `${first.path}: ${first.message}`
  return issues.length === 1 ? text : `${issues.length} mistakes. The first: ${text}`
}

/** The same for what does not exist and for what belongs to another project. */
export function missing(id: string): TrainyardError {
  return new TrainyardError('not_found', { detail: `There is no ${id.slice(0, 80)} in this project.` })
}

/** @throws TrainyardError not_found */
export function found<T>(row: T | null, id: string): T {
  if (row === null) throw missing(id)
  return row
}
