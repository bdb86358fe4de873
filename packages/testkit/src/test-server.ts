// A PostgreSQL server for tests, with a migrated database to copy from.

import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@trainyard/database'
import { ensureDatabase, type PostgresServer, startPostgres } from '@trainyard/local'

/** Already migrated; a test file's database is a copy of it. */
export const TEMPLATE = 'trainyard_template'

export interface TestServer {
  /** Of the database that administers the server. */
  readonly adminUrl: string
  stop(): Promise<void>
}

export async function startTestServer(): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trainyard-test-'))
  // PostgreSQL may run as another user.
  await chmod(dataDir, 0o755)
  const problems: string[] = []
  const remove = () => rm(dataDir, { recursive: true, force: true })
  try {
    const server: PostgresServer = await startPostgres({
      dataDir,
      logPath: join(dataDir, 'postgres.log'),
      port: 0,
      password: 'trainyard',
      isFresh: true,
      durability: 'disposable',
      log: (message) => problems.push(message),
    })
    await ensureDatabase(server, TEMPLATE)
    await migrate(server.urlOf(TEMPLATE))
    return {
      adminUrl: server.urlOf('postgres'),
      stop: async () => {
        await server.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw new Error(['the test server did not start', ...problems].join('\n'), { cause: error })
  }
}
