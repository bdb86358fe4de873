// The embedded default: everything that the service needs, in one directory, without configuration.

import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { own } from './owner.ts'
import { ensureDatabase, type PostgresServer, postgresUrl, startPostgres } from './postgres/server.ts'
import type { Log } from './process/log.ts'
import { isRedisInstalled, type RedisServer, startRedis } from './redis.ts'
import { recall, remember } from './remembered.ts'
import { findService } from './service/record.ts'

export interface LocalServicesOptions {
  readonly dataDir: string
  readonly log: Log
  /** `auto`: when redis-server is on PATH. Default. */
  readonly redis?: 'auto' | 'require' | 'never'
  /** Servers that exist already; what is missing runs here. */
  readonly external?: { readonly databaseUrl: string | null; readonly redisUrl: string | null; readonly storageUrl: string | null }
  /** Default `full`; `disposable` gives durability up for speed, for tests. */
  readonly durability?: 'full' | 'disposable'
}

export interface LocalServices {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  readonly queueBackend: 'redis' | 'postgres'
  readonly storageUrl: string
  /** Of the servers that run now, by name. */
  pids(): Readonly<Record<string, number>>
  stop(): Promise<void>
}

const DATABASE = 'trainyard'

/** @throws Error when another process runs the directory, or a server does not start. */
export async function startLocalServices(options: LocalServicesOptions): Promise<LocalServices> {
  const { log, redis = 'auto', durability = 'full', external } = options
  const dataDir = resolve(options.dataDir)
  const isRedisWanted = (external?.redisUrl ?? null) === null && (redis === 'require' || (redis === 'auto' && isRedisInstalled()))
  if (redis === 'require' && !isRedisInstalled())
    throw new Error('redis-server is not on PATH. Install it: sudo apt-get install redis-server')

  const logs = join(dataDir, 'logs')
  const storage = join(dataDir, 'storage')
  for (const directory of [logs, storage]) await mkdir(directory, { recursive: true })
  const disown = await own(dataDir)
  const { remembered, isFresh } = await recall(dataDir)
  let postgres: PostgresServer | null = null
  let redisServer: RedisServer | null = null
  const stop = async () => {
    await Promise.all([postgres?.stop(), redisServer?.stop()])
    await disown()
  }

  try {
    // Before the first start, so that a kill between initialization and here does not lose the password.
    await remember(dataDir, remembered)
    if ((external?.databaseUrl ?? null) === null) {
      postgres = await startPostgres({
        dataDir,
        logPath: join(logs, 'postgres.log'),
        port: remembered.postgresPort,
        password: remembered.postgresPassword,
        isFresh,
        durability,
        log,
      })
      await ensureDatabase(postgres, DATABASE)
    }
    if (isRedisWanted) {
      redisServer = await startRedis({
        directory: join(dataDir, 'redis'),
        logPath: join(logs, 'redis.log'),
        port: remembered.redisPort,
        password: remembered.redisPassword,
        log,
      })
    }
    await remember(dataDir, {
      ...remembered,
      postgresPort: postgres?.port ?? remembered.postgresPort,
      redisPort: redisServer?.port ?? remembered.redisPort,
    })
  } catch (error) {
    await stop()
    throw error
  }

  const databaseUrl = external?.databaseUrl ?? postgres?.urlOf(DATABASE)
  if (databaseUrl === undefined) throw new Error('no database was given and none was started')
  const redisUrl = external?.redisUrl ?? redisServer?.url ?? null
  return {
    databaseUrl,
    redisUrl,
    queueBackend: redisUrl === null ? 'postgres' : 'redis',
    storageUrl: external?.storageUrl ?? pathToFileURL(storage).href,
    pids: () => pidsOf({ postgres, redis: redisServer }),
    stop,
  }
}

/** The database of the service that runs in a data directory; null when none does. */
export async function findLocalDatabase({ dataDir, databaseUrl }: { dataDir: string; databaseUrl: string | null }): Promise<string | null> {
  if (databaseUrl !== null) return databaseUrl
  if ((await findService(dataDir)) === null) return null
  const { remembered } = await recall(dataDir)
  return postgresUrl({ port: remembered.postgresPort, password: remembered.postgresPassword }, DATABASE)
}

function pidsOf(servers: Record<string, { readonly pid: number | undefined } | null>): Record<string, number> {
  return Object.fromEntries(Object.entries(servers).flatMap(([name, server]) => (server?.pid === undefined ? [] : [[name, server.pid]])))
}
