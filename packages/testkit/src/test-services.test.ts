import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, startTestServices, type TestServices } from './index.ts'

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}

describe.skipIf(!hasRedis)('services of a test file', () => {
  let first: TestServices
  let second: TestServices

  beforeAll(async () => {
    first = await startTestServices({ redis: true })
    second = await startTestServices({ redis: false, migrated: false })
  })
  afterAll(async () => {
    await first.stop()
    await second.stop()
  })

  it('are a migrated database and an empty one', async () => {
    const tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
    expect((await query(first.databaseUrl, tables)).length).toBeGreaterThan(5)
    expect(await query(second.databaseUrl, tables)).toEqual([])
  })

  it('are a Redis that loses no jobs', async () => {
    const redis = new Redis(first.redisUrl ?? '')
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes'])
    redis.disconnect()
    expect(second.redisUrl).toBeNull()
  })
})
