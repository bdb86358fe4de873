// Idempotency keys: the first request with a key does the work, every repetition gets its response. `once` is for work that is one
// transaction; `claim`, `renew`, `complete` and `release` are its parts, for work that is not (an upload): a lease, as that of a run.

import { TrainyardError } from '@trainyard/errors'
import type { Tx } from './database.ts'
import type { Sql } from './sql.ts'

export interface IdempotentRequest {
  readonly projectId: string
  /** The header, as the client sent it. */
  readonly key: string
  /** Method and path: `POST /v1/jobs`. */
  readonly operation: string
  /** SHA-256 of the body, hexadecimal. */
  readonly bodyHash: string
}

export interface StoredResponse {
  readonly status: number
  readonly body: unknown
}

/** How long a response is kept. */
export const RESPONSE_TTL_MS = 24 * 3600 * 1000
/** How long a request holds its key without renewing it: by then its process has died. */
export const IN_FLIGHT_TTL_MS = 10_000

/** What a request has that does the work. */
export interface HeldKey extends IdempotentRequest {
  /** UUID: fences those who held the key before. */
  readonly holder: string
}

export type IdempotencyClaim =
  | { readonly outcome: 'claimed'; readonly held: HeldKey }
  | { readonly outcome: 'replay'; readonly response: StoredResponse }
  | { readonly outcome: 'mismatch' }
  | { readonly outcome: 'in_flight' }

/** Takes the key, or says who has it. Waits for another transaction that is claiming the same key at this moment. */
export async function claim(tx: Tx, request: IdempotentRequest): Promise<IdempotencyClaim> {
  const { projectId, key, operation, bodyHash } = request
  const [claimed] = await tx.$queryRaw<{ holder: string }[]>`
    INSERT INTO idempotency_keys AS k (project_id, key, operation, body_hash, expires_at)
    VALUES (${projectId}::uuid, ${key}, ${operation}, ${bodyHash}, clock_timestamp() + ${IN_FLIGHT_TTL_MS} * interval '1 millisecond')
    ON CONFLICT (project_id, key) DO UPDATE SET
      operation = excluded.operation, body_hash = excluded.body_hash, state = 'in_flight', response_status = NULL, response_body = NULL,
      holder = excluded.holder, created_at = clock_timestamp(), expires_at = excluded.expires_at
    WHERE k.expires_at <= clock_timestamp()
    RETURNING holder`
  if (claimed !== undefined) return { outcome: 'claimed', held: { ...request, holder: claimed.holder } }
  const row = await tx.idempotencyKey.findUnique({ where: { projectId_key: { projectId, key } } })
  // Gone between the two statements: whoever had it released it.
  if (row === null) return claim(tx, request)
  if (row.operation !== operation || row.bodyHash !== bodyHash) return { outcome: 'mismatch' }
  if (row.state === 'in_flight' || row.responseStatus === null) return { outcome: 'in_flight' }
  return { outcome: 'replay', response: { status: row.responseStatus, body: row.responseBody } }
}

/** The work goes on. To be called well within IN_FLIGHT_TTL_MS; when it came too late, nothing is lost as long as nobody has taken the key. */
export async function renew(tx: Tx, { projectId, key, holder }: HeldKey): Promise<void> {
  await tx.$executeRaw`
    UPDATE idempotency_keys SET expires_at = clock_timestamp() + ${IN_FLIGHT_TTL_MS} * interval '1 millisecond'
    WHERE project_id = ${projectId}::uuid AND key = ${key} AND holder = ${holder}::uuid AND state = 'in_flight'`
}

/**
 * Keeps the response for whoever asks again.
 * @throws TrainyardError idempotency_in_flight when a repetition has taken the key meanwhile: the work is that one's to do
 */
export async function complete(tx: Tx, held: HeldKey, response: StoredResponse): Promise<void> {
  const { projectId, key, operation, bodyHash, holder } = held
  const body = response.body === undefined || response.body === null ? null : JSON.stringify(response.body)
  // The row may be gone when its time was over.
  const completed = await tx.$executeRaw`
    INSERT INTO idempotency_keys AS k (project_id, key, operation, body_hash, holder, state, response_status, response_body, expires_at)
    VALUES (
      ${projectId}::uuid, ${key}, ${operation}, ${bodyHash}, ${holder}::uuid, 'completed', ${response.status}, ${body}::jsonb,
      clock_timestamp() + ${RESPONSE_TTL_MS} * interval '1 millisecond'
    )
    ON CONFLICT (project_id, key) DO UPDATE SET
      state = excluded.state, response_status = excluded.response_status, response_body = excluded.response_body, expires_at = excluded.expires_at
    WHERE k.holder = excluded.holder`
  if (completed === 0) throw inFlight(held)
}

/** The work failed before it changed anything: the key is free again. */
export async function release(tx: Tx, { projectId, key, holder }: HeldKey): Promise<void> {
  await tx.idempotencyKey.deleteMany({ where: { projectId, key, holder, state: 'in_flight' } })
}

/**
 * Does the work in the caller's transaction unless it was done before. When it throws, the transaction rolls back and the key with it.
 * @throws TrainyardError idempotency_mismatch, idempotency_in_flight
 */
export async function once(
  tx: Tx,
  request: IdempotentRequest,
  work: () => Promise<StoredResponse>,
): Promise<StoredResponse & { replayed: boolean }> {
  const result = requireUsable(request, await claim(tx, request))
  if (result.outcome === 'replay') return { ...result.response, replayed: true }
  const response = await work()
  await complete(tx, result.held, response)
  return { ...response, replayed: false }
}

/** @throws TrainyardError idempotency_mismatch, idempotency_in_flight */
export function requireUsable(
  request: IdempotentRequest,
  result: IdempotencyClaim,
): Extract<IdempotencyClaim, { outcome: 'claimed' | 'replay' }> {
  const { key, operation } = request
  if (result.outcome === 'mismatch') {
    throw new TrainyardError('idempotency_mismatch', {
      detail: `Idempotency-Key ${JSON.stringify(key)} of ${operation} was used before with another request.`,
    })
  }
  if (result.outcome === 'in_flight') throw inFlight(request)
  return result
}

function inFlight({ key }: IdempotentRequest): TrainyardError {
  return new TrainyardError('idempotency_in_flight', {
    detail: `Another request with Idempotency-Key ${JSON.stringify(key)} has not been answered yet.`,
  })
}

/** Removes what has expired, by the database's clock: that of a worker may be off. Takes a worker's statements. */
export async function removeExpired(sql: Sql): Promise<void> {
  await sql.query('DELETE FROM idempotency_keys WHERE expires_at < clock_timestamp()', [])
}
