// Work that a POST does at most once per Idempotency-Key.

import { idempotency, type Tx } from '@trainyard/database'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { principalOf } from '../plugins/authentication.ts'

/** One transaction; a repetition gets the stored response and the header idempotency-replayed. */
export async function once<T>(
  deps: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { projectId } = principalOf(request)
  const { idempotency: key } = request
  reply.code(status)
  if (key === null) return deps.database.withProject(projectId, work)
  return deps.database.withProject(projectId, async (tx) => {
    const result = await idempotency.once(tx, key, async () => ({ status, body: await work(tx) }))
    if (result.replayed) markReplayed(reply)
    reply.code(result.status)
    // What was stored is what this work returned when it ran.
    return result.body as T
  })
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

/** As `once`, for work that is longer than a transaction may be. While it runs, its key is in flight. */
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
  try {
    const prepared = await prepare()
    try {
      return await inProject(async (tx) => {
        const body = await commit(tx, prepared)
        if (key !== null) await idempotency.complete(tx, key, { status, body })
        reply.code(status)
        return body
      })
    } catch (error) {
      await undo(prepared)
      throw error
    }
  } catch (error) {
    if (key !== null) await inProject((tx) => idempotency.release(tx, key))
    throw error
  }
}
