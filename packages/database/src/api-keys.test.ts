import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKeySecret, isWellFormedApiKey } from './api-key.ts'
import * as apiKeys from './api-keys.repository.ts'
import { createProject, openTestDatabase, type TestDatabase } from './test-database.ts'

describe('the secret', () => {
  test('has 160 random bits, a prefix and a checksum that finds every mistyped letter', () => {
    const keys = Array.from({ length: 100 }, () => createApiKeySecret())
    expect(new Set(keys.map(({ key }) => key)).size).toBe(100)
    for (const { key, prefix, digest } of keys.slice(0, 5)) {
      expect(key).toMatch(/^ty_[0-9a-f]{40}[0-9a-z]{7}$/)
      expect(key.startsWith(prefix)).toBe(true)
      expect(digest).toHaveLength(32)
      expect(isWellFormedApiKey(key)).toBe(true)
      for (let i = 3; i < key.length; i++) {
        const other = key.slice(0, i) + (key[i] === '0' ? '1' : '0') + key.slice(i + 1)
        expect([other, isWellFormedApiKey(other)]).toEqual([other, false])
      }
    }
    expect(['', 'ty_', 'x'.repeat(50), `ty_${'0'.repeat(48)}`].some(isWellFormedApiKey)).toBe(false)
  })
})

describe('in the database', () => {
  let db: TestDatabase
  let projectId: string
  beforeAll(async () => {
    db = await openTestDatabase()
    projectId = await createProject(db.database)
  })
  afterAll(() => db.close())

  const create = (expiresAt: Date | null = null) =>
    db.database.asWorker((tx) => apiKeys.create(tx, { projectId, name: 'test', scopes: ['jobs:write', 'jobs:read'], expiresAt }))
  const authenticate = (key: string) => apiKeys.authenticate(db.database.apiSql, key)

  test('a key authenticates as its project, with its scopes', async () => {
    const { record, key } = await create()
    expect(await authenticate(key)).toEqual({
      outcome: 'authenticated',
      principal: { apiKeyId: record.id, projectId, scopes: ['jobs:write', 'jobs:read'] },
    })
  })

  test('unknown, expired and revoked keys do not', async () => {
    expect(await authenticate(createApiKeySecret().key)).toEqual({ outcome: 'unknown' })
    expect(await authenticate('Bearer nonsense')).toEqual({ outcome: 'unknown' })
    const expired = await create(new Date(Date.now() - 1000))
    expect(await authenticate(expired.key)).toEqual({ outcome: 'expired' })
    const revoked = await create()
    await db.database.withProject(projectId, (tx) => apiKeys.revoke(tx, revoked.record.id))
    expect(await authenticate(revoked.key)).toEqual({ outcome: 'revoked' })
  })

  test('the key itself is stored nowhere', async () => {
    const { key } = await create()
    const [row] = await db.database.workerSql.query<{ dump: string }>('SELECT string_agg(k::text, $1) AS dump FROM api_keys k', ['|'])
    expect(row?.dump).toContain(key.slice(0, 11))
    expect(row?.dump).not.toContain(key.slice(3, 43))
    const { data } = await db.database.withProject(projectId, (tx) => apiKeys.list(tx, projectId, { limit: 100, order: 'asc' }))
    expect(JSON.stringify(data)).not.toContain('digest')
  })
})
