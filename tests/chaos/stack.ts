// The real stack, each part a process that is started again when it dies, with a proxy on every connection between them.

import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { migrate } from '@trainyard/database'
import { launchArguments } from '@trainyard/launch'
import { dieWithParent, ensureDatabase, freePort, startPostgres, startRedis, supervise } from '@trainyard/local'
import { type FaultProxy, startFaultProxy } from '@trainyard/testkit'
import { createKey } from '../e2e/service.ts'
import { type FileServer, startFileServer } from './file-server.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SHIFTED_CLOCK = new URL('shifted-clock.mjs', import.meta.url).href
const DATABASE = 'trainyard'
/** Short, so that a campaign sees many of them expire. */
export const LEASE_TTL_MS = 3_000
const STALL_MS = 4_000
const RUNS_PER_WORKER = 1
/** Of the file system that is filled up. */
const DISK_MB = 512

/** What has a process to kill. */
export interface Member {
  readonly pid: number | undefined
}

export type QueueKind = 'redis' | 'postgres'

export interface WorkerMember extends Member {
  readonly postgres: FaultProxy
  /** null where the queue is PostgreSQL's. */
  readonly redis: FaultProxy | null
  /** Milliseconds by which its wall clock is off. */
  shiftClock(offsetMs: number): Promise<void>
}

export interface Stack {
  /** Through the proxy that clients use. */
  readonly url: string
  readonly http: FaultProxy
  readonly apiKey: string
  readonly api: Member & { readonly postgres: FaultProxy }
  readonly workers: readonly WorkerMember[]
  readonly postgres: Member
  /** null where the queue is PostgreSQL's. */
  readonly redis: (Member & { readonly url: string }) | null
  /** What API and workers may import by URL. */
  readonly source: FileServer
  /** Around all proxies. */
  readonly direct: { readonly url: string; readonly databaseUrl: string }
  /** Where storage and working files are. */
  readonly directory: string
  /** Whether `directory` is a small file system of its own, which may be filled. */
  readonly isSmallDisk: boolean
  stop(): Promise<void>
}

export interface StackOptions {
  /** Default LEASE_TTL_MS. */
  readonly leaseTtlMs?: number
  /** Which backend of the queue. Default: redis. */
  readonly queue?: QueueKind
  /** Default 2. */
  readonly workers?: number
  /** More environment of API and workers, by name of the process (`api`, `worker-0`). */
  readonly environmentOf?: (name: string) => Readonly<Record<string, string>>
}

/** @param log a line for each part that died and came back */
export async function startStack(log: (line: string) => void, options: StackOptions = {}): Promise<Stack> {
  const { leaseTtlMs = LEASE_TTL_MS, queue = 'redis', workers: count = 2, environmentOf = () => ({}) } = options
  const base = await mkdtemp(join(tmpdir(), 'trainyard-chaos-'))
  // PostgreSQL may run as another user.
  await chmod(base, 0o755)
  const directory = join(base, 'data')
  await mkdir(directory)
  const isSmallDisk = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', directory]).status === 0
  const ends: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const end of ends.reverse()) await end().catch((error: unknown) => log(String(error)))
    if (isSmallDisk) spawnSync('umount', ['-l', directory])
    await rm(base, { recursive: true, force: true })
  }
  try {
    const password = 'trainyard'
    const postgres = await startPostgres({
      dataDir: base,
      logPath: join(base, 'postgres.log'),
      port: 0,
      password,
      isFresh: true,
      durability: 'full',
      log,
    })
    ends.push(() => postgres.stop())
    const redis =
      queue === 'redis'
        ? await startRedis({ directory: join(base, 'redis'), logPath: join(base, 'redis.log'), port: 0, password, log })
        : null
    if (redis !== null) ends.push(() => redis.stop())
    await ensureDatabase(postgres, DATABASE)
    const databaseUrl = postgres.urlOf(DATABASE)
    await migrate(databaseUrl)

    const source = await startFileServer()
    ends.push(() => source.close())
    const proxy = async (port: number): Promise<FaultProxy> => {
      const made = await startFaultProxy(port)
      ends.push(() => made.close())
      return made
    }
    const through = (url: string, { port }: FaultProxy) => Object.assign(new URL(url), { port: String(port) }).href
    const common = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      STORAGE_URL: pathToFileURL(join(directory, 'storage')).href,
      LOG_LEVEL: 'warn',
      IMPORT_ALLOWED_HOSTS: source.host,
    }
    await mkdir(join(directory, 'storage'))
    const launch = async (name: string, entry: string, env: Record<string, string>, isReady: () => Promise<boolean>) => {
      const member = await supervise({
        name,
        command: dieWithParent({ file: process.execPath, args: launchArguments(entry) }, 'KILL'),
        cwd: ROOT,
        env: { ...common, ...env, ...environmentOf(name) },
        logPath: join(base, `${name}.log`),
        isReady,
        stopSignal: 'SIGTERM',
        log,
      })
      ends.push(() => member.stop())
      return member
    }

    const apiPort = await freePort()
    const directApi = `http://127.0.0.1:${apiPort}`
    const apiPostgres = await proxy(postgres.port)
    const api = await launch(
      'api',
      'apps/api/src/server.ts',
      { DATABASE_URL: through(databaseUrl, apiPostgres), HOST: '127.0.0.1', PORT: String(apiPort) },
      async () => (await fetch(`${directApi}/readyz`).catch(() => null))?.ok ?? false,
    )
    const http = await proxy(apiPort)

    const startWorker = async (index: number): Promise<WorkerMember> => {
      const clock = join(base, `clock-${index}`)
      await writeFile(clock, '0')
      const own = { postgres: await proxy(postgres.port), redis: redis === null ? null : await proxy(redis.port) }
      const member = await launch(
        `worker-${index}`,
        'apps/worker/src/main.ts',
        {
          DATABASE_URL: through(databaseUrl, own.postgres),
          ...(redis === null || own.redis === null ? {} : { REDIS_URL: through(redis.url, own.redis) }),
          TRAINYARD_DATA_DIR: join(directory, `worker-${index}`),
          LEASE_TTL_MS: String(leaseTtlMs),
          STALL_TIMEOUT_MS: String(STALL_MS),
          WORKER_CONCURRENCY: String(RUNS_PER_WORKER),
          ENGINE_THREADS: '1',
          // Trainers are killed on purpose here, several in a row: their runs are not to blame.
          RUN_CRASH_LIMIT: '1000',
          NODE_OPTIONS: `--import=${SHIFTED_CLOCK}`,
          CHAOS_CLOCK_FILE: clock,
        },
        async () => true,
      )
      return {
        get pid() {
          return member.pid
        },
        ...own,
        shiftClock: (offsetMs) => writeFile(clock, String(offsetMs)),
      }
    }
    const workers = await Promise.all(Array.from({ length: count }, (_, i) => startWorker(i)))

    return {
      url: `http://127.0.0.1:${http.port}`,
      http,
      apiKey: await createKey({ ...common, DATABASE_URL: databaseUrl }),
      api: {
        get pid() {
          return api.pid
        },
        postgres: apiPostgres,
      },
      workers,
      postgres,
      redis,
      source,
      direct: { url: directApi, databaseUrl },
      directory,
      isSmallDisk,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
