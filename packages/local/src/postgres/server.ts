// A real PostgreSQL server in a directory, on loopback, with a password.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { dieWithParent } from '../process/die-with-parent.ts'
import { freePort } from '../process/free-port.ts'
import type { Log } from '../process/log.ts'
import { type Supervised, supervise } from '../process/supervise.ts'
import { type Account, accountFor, canReach } from './account.ts'
import { type PostgresBinaries, postgresBinaries } from './binaries.ts'
import { endLeftOver } from './left-over.ts'

export const POSTGRES_USER = 'trainyard'

export interface PostgresOptions {
  /** Holds the directory `postgres` of the server. */
  readonly dataDir: string
  readonly logPath: string
  /** 0 is any. */
  readonly port: number
  /** Of the user `trainyard`, which owns the server; counts at the first start. */
  readonly password: string
  /** The data directory is new: what an earlier one of the same path left elsewhere is not its data. */
  readonly isFresh: boolean
  /** `disposable` gives durability up for speed: for tests. */
  readonly durability: 'full' | 'disposable'
  readonly log: Log
}

export interface PostgresServer {
  readonly port: number
  readonly pid: number | undefined
  urlOf(database: string): string
  stop(): Promise<void>
}

const CONNECTIONS_MAX = 200

/** For what PostgreSQL cannot reach elsewhere. Only root needs it, and root may write there. */
const FALLBACK = '/var/lib/trainyard'

/** How a database of the embedded server is reached. */
export function postgresUrl({ port, password }: { readonly port: number; readonly password: string }, database: string): string {
  return `postgresql://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${database}`
}

export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { logPath, password, log } = options
  const { account, directory } = await place(options)
  const binaries = await postgresBinaries(account, FALLBACK, log)
  await endLeftOver(directory, log)
  await initialize(directory, binaries, account, password)

  const port = await freePort(options.port)
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${CONNECTIONS_MAX}`,
    ...(options.durability === 'disposable' ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'] : []),
  ]
  const command = { file: binaries.postgres, args: ['-D', directory, '-p', String(port), ...settings.flatMap((s) => ['-c', s])] }
  const urlOf = (database: string) => postgresUrl({ port, password }, database)
  const server: Supervised = await supervise({
    name: 'PostgreSQL',
    command: dieWithParent(command, 'INT'),
    account,
    cwd: directory,
    logPath,
    isReady: () => answers(urlOf('postgres')),
    stopSignal: 'SIGINT',
    log,
  })
  return {
    port,
    get pid() {
      return server.pid
    },
    urlOf,
    stop: () => server.stop(),
  }
}

/** The server's directory: below the data directory, or where its account can reach it. */
async function place({ dataDir, isFresh, log }: PostgresOptions) {
  const fallbackDirectory = join(FALLBACK, createHash('sha256').update(dataDir).digest('hex').slice(0, 12))
  const directory = join(dataDir, 'postgres')
  const account = await accountFor(directory)
  if (canReach(account, dataDir)) return { account, directory }
  const elsewhere = join(fallbackDirectory, 'postgres')
  log(`the account of PostgreSQL (uid ${account?.uid}) cannot enter ${dataDir}: its data is in ${elsewhere}`)
  await mkdir(fallbackDirectory, { recursive: true, mode: 0o755 })
  if (isFresh) {
    await endLeftOver(elsewhere, log)
    await rm(elsewhere, { recursive: true, force: true })
  }
  return { account: await accountFor(elsewhere), directory: elsewhere }
}

async function initialize(directory: string, { initdb }: PostgresBinaries, account: Account | null, password: string): Promise<void> {
  if (await isInitialized(directory)) return
  // Into another directory first: a start that is killed half-way leaves nothing that looks like a server's data.
  const partial = `${directory}.partial`
  await rm(partial, { recursive: true, force: true })
  await rm(directory, { recursive: true, force: true })
  await mkdir(partial, { mode: 0o700 })
  const passwordFile = join(partial, '..', `.pw-${process.pid}`)
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (account !== null) for (const path of [partial, passwordFile]) await chown(path, account.uid, account.gid)
    const args = [
      `--pgdata=${partial}`,
      `--username=${POSTGRES_USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ]
    const { status, stderr, error } = spawnSync(initdb, args, { ...account, cwd: partial, encoding: 'utf8' })
    if (status !== 0) throw new Error(`PostgreSQL could not create its data in ${directory}: ${stderr || error?.message}`)
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(partial, directory)
}

const isInitialized = (directory: string) =>
  stat(join(directory, 'global', 'pg_control')).then(
    () => true,
    () => false,
  )

const ANSWER_TIMEOUT_MS = 2_000

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Creates a database when it is missing. */
export async function ensureDatabase(server: PostgresServer, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.urlOf('postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}
