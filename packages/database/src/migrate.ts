// Brings a database up to date: applies prisma/migrations in order and records them as Prisma's own command does, so that the two can
// take turns. Needs no Prisma at run time and takes a tenth of a second.

import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))

/** The lock that Prisma's migrate takes. */
const MIGRATION_LOCK = 72707369

const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

export interface MigrateOptions {
  readonly directory?: string
  readonly onApplied?: (name: string) => void
}

/**
 * Applies what is missing; several callers at once wait for each other.
 * @param url A user that owns the database and may create roles.
 * @returns The names of the migrations that were applied.
 * @throws Error when a migration fails (and changes nothing), failed before under Prisma's own command, or was edited after it had been applied.
 */
export async function migrate(url: string, { directory = MIGRATIONS_DIRECTORY, onApplied }: MigrateOptions = {}): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'trainyard-migrate', connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await client.query(HISTORY_TABLE)
    const history = await readHistory(client)
    const applied: string[] = []
    for (const { name, sql, checksum } of await readMigrations(directory)) {
      const known = history.get(name)
      if (known === checksum) continue
      if (known !== undefined) {
        throw new Error(
          `migration ${name}: its file was edited after it had been applied (sha256 ${known} then, ${checksum} now). Restore the file and add a new migration.`,
        )
      }
      await apply(client, name, sql, checksum)
      applied.push(name)
      onApplied?.(name)
    }
    return applied
  } finally {
    await client.end()
  }
}

async function readHistory(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null; logs: string | null }>(
    'SELECT migration_name, checksum, finished_at, logs FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  )
  const failed = rows.find((row) => row.finished_at === null)
  if (failed) {
    throw new Error(
      `migration ${failed.migration_name} failed earlier (${failed.logs ?? 'no message was kept'}). Repair the database, then run: npx prisma migrate resolve`,
    )
  }
  return new Map(rows.map((row) => [row.migration_name, row.checksum]))
}

async function readMigrations(directory: string) {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/** File and record are one transaction: whatever kills this process, a migration is there as a whole or not at all. */
async function apply(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(sql)
    await client.query(
      'INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)',
      [randomUUID(), checksum, name],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new Error(`migration ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
