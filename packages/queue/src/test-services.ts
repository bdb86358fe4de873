// For the tests of this package: one database, and a queue on either backend that begins empty.

import { randomUUID } from 'node:crypto'
import { createDatabase, type Database } from '@trainyard/database'
import { startTestServices } from '@trainyard/testkit'
import pg from 'pg'
import type { QueueConnection } from './connection.ts'

export interface TestServices {
  readonly url: string
  readonly database: Database
  /** Empty, apart from what earlier ones hold. */
  connect(kind: QueueConnection['kind']): Promise<QueueConnection>
  close(): Promise<void>
}

export async function openTestServices(redis: boolean): Promise<TestServices> {
  const services = await startTestServices({ redis })
  const url = services.databaseUrl
  const database = createDatabase({ url, poolSize: 20 })
  return {
    url,
    database,
    connect: async (kind) => {
      if (kind === 'redis') return { kind, url: services.redisUrl ?? '', prefix: `test-${randomUUID()}` }
      await forgetQueue(url)
      return { kind, url }
    },
    close: async () => {
      await database.close()
      await services.stop()
    },
  }
}

async function forgetQueue(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('DROP SCHEMA IF EXISTS bullmq CASCADE')
  await client.end()
}
