// Services for one test file: a migrated database of its own, a Redis of its own, a storage directory of its own.

import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRedisInstalled, type RedisServer, startRedis } from '@trainyard/local'
import pg from 'pg'
import { startTestServer, TEMPLATE } from './test-server.ts'

export const BROKER_VARIABLE = 'TRAINYARD_TEST_BROKER'

export interface TestServicesOptions {
  /** Starts a Redis too; without it the queue is PostgreSQL's. */
  readonly redis: boolean
  /** Default true; false gives an empty database, for tests of migrations. */
  readonly migrated?: boolean
}

export interface TestServices {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  /** file://, empty. */
  readonly storageUrl: string
  /** For working files; removed at the end. */
  readonly directory: string
  stop(): Promise<void>
}

/** Whether tests with `redis: true` can run: `describe.skipIf(!hasRedis)`. */
export const hasRedis = isRedisInstalled()

export async function startTestServices({ redis, migrated = true }: TestServicesOptions): Promise<TestServices> {
  if (redis && !hasRedis) throw new Error('this test needs redis-server on PATH. Install it: sudo apt-get install redis-server')
  const directory = await mkdtemp(join(tmpdir(), 'trainyard-test-'))
  const storage = join(directory, 'storage')
  await mkdir(storage)
  const server = await testServer()
  const database = `test_${randomUUID().replaceAll('-', '')}`
  await administer(server.adminUrl, `CREATE DATABASE ${database} ${migrated ? `TEMPLATE ${TEMPLATE}` : ''}`)
  let redisServer: RedisServer | null = null
  if (redis) {
    redisServer = await startRedis({
      directory: join(directory, 'redis'),
      logPath: join(directory, 'redis.log'),
      port: 0,
      password: 'trainyard',
      log: (message) => process.stderr.write(`${message}\n`),
    })
  }
  return {
    databaseUrl: Object.assign(new URL(server.adminUrl), { pathname: database }).href,
    redisUrl: redisServer?.url ?? null,
    storageUrl: pathToFileURL(storage).href,
    directory,
    stop: async () => {
      await redisServer?.stop()
      await administer(server.adminUrl, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** The one of the test run, or one of its own outside of vitest. */
async function testServer(): Promise<{ adminUrl: string; stop(): Promise<void> }> {
  const broker = process.env[BROKER_VARIABLE]
  if (broker === undefined) return startTestServer()
  const response = await fetch(broker)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return { adminUrl: text, stop: async () => {} }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
