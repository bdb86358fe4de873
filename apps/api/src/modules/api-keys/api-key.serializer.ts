import { type ApiKey, toWireId } from '@trainyard/contracts'
import type { ApiKeyRecord } from '@trainyard/database'

export function serializeApiKey(row: ApiKeyRecord): ApiKey {
  return {
    id: toWireId('api_key', row.id),
    object: 'api_key',
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
  }
}
