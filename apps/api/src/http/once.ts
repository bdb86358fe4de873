// Work that a POST does at most once per Idempotency-Key.

import { type IdempotentRequest, idempotency, type StoredResponse, type Tx } from '@trainyard/database'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { principalOf } from '../plugins/authentication.ts'

/** What is being done by this process under a key: repetitions wait here instead of each holding a connection. */
const flights = new Map<string, { readonly request: IdempotentRequest; readonly response: Promise<StoredResponse> }>()

/** One transaction; a repetition gets the stored response and the header idempotency-replayed. */
export async function once<T>(
  { database }: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { projectId } = principalOf(request)
  const { idempotency: key } = request
  reply.code(status)
  if (key === null) return database.withProject(projectId, work)
  const response = await joinFlight(key, async () => {
    const stored = await database.withProject(projectId, (tx) => idempotency.once(tx, key, async () => ({ status, body: await work(tx) })))
    if (stored.replayed) markReplayed(reply)
    return stored
  })
  if (response.isJoined) markReplayed(reply)
  reply.code(response.status)
  // What was stored is what this work returned when it ran.
  return response.body as T
}

/** The response of the same request, if one is in flight here and ends well; else does the work. */
async function joinFlight(
  request: IdempotentRequest,
  work: () => Promise<StoredResponse>,
): Promise<StoredResponse & { isJoined: boolean }> {
  const id = `${request.projectId} ${request.key}`
  const flight = flights.get(id)
  if (flight?.request.operation === request.operation && flight.request.bodyHash === request.bodyHash) {
    const joined = await flight.response.catch(() => null)
    if (joined !== null) return { ...joined, isJoined: true }
  }
  const response = work()
  flights.set(id, { request, response })
  try {
    return { ...(await response), isJoined: false }
  } finally {
    if (flights.get(id)?.response === response) flights.delete(id)
  }
}

export function markReplayed(reply: FastifyReply): void {
  reply.header('idempotency-replayed', 'true')
}

export interface LongWork<P, T> {
  /** Slow, outside of any transaction: an upload. */
  prepare(): Promise<P>
  /** What makes it real. */
  commit(tx: Tx, prepared: P): Promise<T>
  /** The commit failed: removes what was prepared. */
  undo(prepared: P): Promise<void>
}

/** Several within the time that a key is held without a sign of life. */
const RENEW_MS = idempotency.IN_FLIGHT_TTL_MS / 4

/**
 * As `once`, for work that is longer than a transaction may be. While it runs, its key is in flight; when this process dies, the key is free
 * for a repetition as soon as it is renewed no more.
 */
export async function onceAround<P, T>(
  deps: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  { prepare, commit, undo }: LongWork<P, T>,
): Promise<T> {
  const { projectId } = principalOf(request)
  const { idempotency: key } = request
  const inProject = <R>(work: (tx: Tx) => Promise<R>) => deps.database.withProject(projectId, work)
  const claim = key === null ? null : await inProject(async (tx) => idempotency.requireUsable(key, await idempotency.claim(tx, key)))
  if (claim?.outcome === 'replay') {
    request.raw.resume()
    markReplayed(reply)
    reply.code(claim.response.status)
    return claim.response.body as T
  }
  const held = claim?.held
  const renew = () => {
    if (held !== undefined)
      inProject((tx) => idempotency.renew(tx, held)).catch((err) => request.log.warn({ err }, 'a key was not renewed'))
  }
  const renewal = setInterval(renew, RENEW_MS)
  try {
    const prepared = await prepare()
    try {
      return await inProject(async (tx) => {
        const body = await commit(tx, prepared)
        if (held !== undefined) await idempotency.complete(tx, held, { status, body })
        reply.code(status)
        return body
      })
    } catch (error) {
      await undo(prepared)
      throw error
    }
  } catch (error) {
    if (held !== undefined) await inProject((tx) => idempotency.release(tx, held))
    throw error
  } finally {
    clearInterval(renewal)
  }
}
