// What an endpoint is: its contract and its handler in one value. Registration, validation, authorization, the OpenAPI document and the
// tables of the tests are made from it.

import type { Principal, Sql, Tx } from '@trainyard/database'
import type { ErrorCode } from '@trainyard/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Deps } from '../deps.ts'
import type { Parse } from './parse.ts'

/** What an API key may do. A key without a scope gets 403. */
export type Scope = 'read' | 'write'
export const SCOPES: readonly Scope[] = ['read', 'write']

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Methods with a JSON body, unless the route streams it. */
export const TAKES_BODY: Readonly<Record<Method, boolean>> = { GET: false, POST: true, PUT: true, PATCH: true, DELETE: false }

export type StreamedBody = 'multipart/form-data' | 'application/octet-stream'

export interface ResponseContract {
  readonly description: string
  /** null: the body is not JSON, or there is none. */
  readonly schema: z.ZodType | null
  readonly contentType?: string
  readonly example?: unknown
}

export interface RouteContext<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly deps: Deps
  /** Who asks. Its project is the only one whose rows exist. */
  readonly principal: Principal
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Single statements that read the caller's project. */
  readonly sql: Sql
  /** One transaction in the caller's project. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * As `transaction`, once per Idempotency-Key: a repetition gets the stored response, with its status.
   * @param status of the response that the work makes
   */
  once<T>(status: number, work: (tx: Tx) => Promise<T>): Promise<T>
}

export interface RouteDefinition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: Method
  /** As in OpenAPI: /v1/jobs/{job_id}. */
  readonly path: `/${string}`
  readonly operationId: string
  readonly tag: string
  readonly summary: string
  readonly description: string
  /** null: no API key is needed. */
  readonly scope: Scope | null
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** Instead of the schema alone: finds more mistakes, all at once. */
  readonly parseBody?: Parse<z.output<B>>
  readonly bodyExamples?: Readonly<Record<string, unknown>>
  /** The body is streamed by the handler: a form, or the bytes of a file. */
  readonly streams?: StreamedBody
  readonly bodyBytesMax?: (deps: Deps) => number
  /** Status → response; the first is what a returned value is sent with unless the handler sets another. */
  readonly responses: Readonly<Record<number, ResponseContract>>
  /** Beside those that every operation can have. */
  readonly errors?: readonly ErrorCode[]
  handler(context: RouteContext<z.output<P>, z.output<Q>, z.output<B>>): unknown
}

/** A route of any types, as tables hold it. */
export type Route = Omit<RouteDefinition<z.ZodType, z.ZodType, z.ZodType>, 'handler' | 'parseBody'> & {
  readonly parseBody?: Parse<unknown>
  // Method syntax: its parameters are checked by defineRoute, where the types are known.
  handler(context: RouteContext<unknown, unknown, unknown>): unknown
}

/** @example export const getJob = defineRoute({ method: 'GET', path: '/v1/jobs/{job_id}', … }) */
export function defineRoute<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<P, Q, B>): Route {
  return definition as unknown as Route
}
