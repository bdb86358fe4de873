// API keys: create (the only moment at which the key itself is known), authenticate, list, revoke.

import { timingSafeEqual } from 'node:crypto'
import { newUuid } from '@trainyard/contracts'
import { createApiKeySecret, digestApiKey, isWellFormedApiKey } from './api-key.ts'
import type { Tx } from './database.ts'
import type { ApiKey } from './generated/client.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'
import type { Sql } from './sql.ts'

export type ApiKeyRecord = Omit<ApiKey, 'digest'>

export interface CreateApiKey {
  readonly projectId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly expiresAt?: Date | null
}

/** @returns The row and the key, which is stored nowhere. */
export async function create(tx: Tx, input: CreateApiKey): Promise<{ record: ApiKeyRecord; key: string }> {
  const { key, prefix, digest } = createApiKeySecret()
  const row = await tx.apiKey.create({
    data: {
      id: newUuid(),
      projectId: input.projectId,
      name: input.name,
      prefix,
      digest,
      scopes: [...input.scopes],
      expiresAt: input.expiresAt ?? null,
    },
  })
  return { record: withoutDigest(row), key }
}

export interface Principal {
  readonly apiKeyId: string
  readonly projectId: string
  readonly scopes: readonly string[]
}

/** `unknown` covers whatever is not a key of ours; the API answers 401 to all three. */
export type Authentication =
  | { readonly outcome: 'authenticated'; readonly principal: Principal }
  | { readonly outcome: 'unknown' | 'expired' | 'revoked' }

/** One query; none for a text that cannot be a key. Takes `database.apiSql`, since the project is not known yet. */
export async function authenticate(sql: Sql, key: string): Promise<Authentication> {
  if (!isWellFormedApiKey(key)) return { outcome: 'unknown' }
  const digest = digestApiKey(key)
  const [row] = await sql.query<{
    id: string
    project_id: string
    digest: Uint8Array
    scopes: string[]
    is_expired: boolean
    is_revoked: boolean
  }>('SELECT id, project_id, digest, scopes, is_expired, is_revoked FROM find_api_key($1)', [Buffer.from(digest)])
  if (row === undefined || !timingSafeEqual(row.digest, digest)) return { outcome: 'unknown' }
  if (row.is_revoked) return { outcome: 'revoked' }
  if (row.is_expired) return { outcome: 'expired' }
  return { outcome: 'authenticated', principal: { apiKeyId: row.id, projectId: row.project_id, scopes: row.scopes } }
}

export async function find(tx: Tx, id: string): Promise<ApiKeyRecord | null> {
  const row = await tx.apiKey.findUnique({ where: { id } })
  return row && withoutDigest(row)
}

export async function list(tx: Tx, projectId: string, request: PageRequest): Promise<Page<ApiKeyRecord>> {
  const rows = await page(request, ({ where, ...range }) => tx.apiKey.findMany({ where: { ...where, projectId }, ...range }))
  return mapPage(rows, withoutDigest)
}

/** @returns null when there is no such key; revoking twice keeps the first time. */
export async function revoke(tx: Tx, id: string): Promise<ApiKeyRecord | null> {
  await tx.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: new Date() } })
  return find(tx, id)
}

function withoutDigest({ digest: _, ...record }: ApiKey): ApiKeyRecord {
  return record
}
