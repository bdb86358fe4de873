// The way to the tables: as a project (row-level security shows its rows only) or as a worker (sees all). Connections belong to one of
// the two roles from their first moment, so that a query outside of `withProject` finds nothing instead of everything.

import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { queryInTurn, type Sql, setProject, sqlOfPool, sqlOfProjects, statementNames } from './sql.ts'

/** A transaction: what repositories take first. */
export type Tx = Prisma.TransactionClient

export type Role = 'trainyard_api' | 'trainyard_worker'

export interface DatabaseOptions {
  /** As in DATABASE_URL, of a user that migrated or was granted both roles. */
  readonly url: string
  /** Connections per role, opened when needed. Default 10. */
  readonly poolSize?: number
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string
  /** Upper bound of one statement, on both ends. Default 30 s. */
  readonly statementTimeoutMs?: number
  /** A connection broke while idle; the pool replaces it. */
  readonly onConnectionError?: (error: Error) => void
}

export interface Database {
  /** One transaction that sees and writes the rows of one project only. */
  withProject<T>(projectId: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Statements that see the rows of one project only and change nothing, each a transaction of its own. */
  projectSql(projectId: string): Sql
  /** One transaction that sees all projects. Never used for a request of a client. */
  asWorker<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Single statements as a worker: one round trip each. */
  readonly workerSql: Sql
  /** One statement as a worker, while no other of that lock's name runs: what must see all that those before it have written. */
  queryInTurn<Row>(lock: string, text: string, values: readonly (string | number)[]): Promise<Row[]>
  /** Single statements as the API without a project: authentication, and nothing else finds a row. */
  readonly apiSql: Sql
  close(): Promise<void>
}

/** To wait for a free connection. */
const ACQUIRE_TIMEOUT_MS = 10_000

export function createDatabase(options: DatabaseOptions): Database {
  const api = openRole('trainyard_api', options)
  const worker = openRole('trainyard_worker', options)
  return {
    withProject: (projectId, work) =>
      api.prisma.$transaction(async (tx) => {
        await tx.$queryRawUnsafe(setProject('$1'), projectId)
        return work(tx)
      }),
    asWorker: (work) => worker.prisma.$transaction(work),
    projectSql: sqlOfProjects(api.pool),
    workerSql: sqlOfPool(worker.pool),
    queryInTurn: (lock, text, values) => queryInTurn(worker.pool, lock, text, values),
    apiSql: sqlOfPool(api.pool),
    close: async () => {
      await Promise.all([api.close(), worker.close()])
    },
  }
}

function openRole(role: Role, options: DatabaseOptions) {
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000
  const onConnectionError = options.onConnectionError ?? (() => {})
  const pool = new pg.Pool({
    connectionString: urlOfRole(options.url, role),
    max: options.poolSize ?? 10,
    application_name: options.applicationName ?? 'trainyard',
    connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // The server's answer to the statement timeout comes first; this is for a server that never answers.
    query_timeout: statementTimeoutMs + 5_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
  })
  pool.on('error', onConnectionError)
  const nameOf = statementNames('p')
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool, {
      onConnectionError,
      statementNameGenerator: ({ sql }) => nameOf(sql),
    }),
    transactionOptions: { maxWait: ACQUIRE_TIMEOUT_MS, timeout: statementTimeoutMs },
  })
  const close = async () => {
    await prisma.$disconnect()
    await pool.end()
  }
  return { pool, prisma, close }
}

/** The server sets the role when the session starts: no statement of its own. */
export function urlOfRole(url: string, role: Role): string {
  const parsed = new URL(url)
  const options = parsed.searchParams.get('options')
  parsed.searchParams.set('options', `${options === null ? '' : `${options} `}-c role=${role}`)
  return parsed.href
}
