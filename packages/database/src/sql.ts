// SQL by hand, where one statement does what the Prisma client would need several for. Two ways to send it: on its own, or inside a
// transaction of the Prisma client.

import pg from 'pg'
import type { Prisma } from './generated/client.ts'

export interface Sql {
  /** Rows have the columns' names; bigint columns come as numbers (none of ours passes 2^53). */
  query<Row>(text: string, values: readonly unknown[]): Promise<Row[]>
}

const int8 = Number(pg.types.builtins.INT8)
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string) =>
    Number(oid) === int8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text'),
}

/** Names for prepared statements, one per text; the prefix keeps two users of a connection apart. */
export function statementNames(prefix: string): (text: string) => string {
  const names = new Map<string, string>()
  return (text) => {
    const name = names.get(text) ?? `${prefix}${names.size + 1}`
    names.set(text, name)
    return name
  }
}

/** Each statement is its own transaction; each is prepared once per connection. */
export function sqlOfPool(pool: pg.Pool): Sql {
  const nameOf = statementNames('s')
  return {
    async query<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
      const { rows } = await pool.query({ name: nameOf(text), text, values: [...values], types })
      return rows as Row[]
    },
  }
}

/**
 * Statements that read the rows of one project, each in a transaction of its own: three round trips, and a plan that is made once per connection.
 * For what clients ask for again and again; the Prisma client takes ten times the CPU for the same.
 */
export function sqlOfProjects(pool: pg.Pool): (projectId: string) => Sql {
  const nameOf = statementNames('r')
  return (projectId) => ({
    async query<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
      const client = await pool.connect()
      let failure: unknown
      try {
        await client.query(`BEGIN READ ONLY; ${setProject(pg.escapeLiteral(projectId))}`)
        const { rows } = await client.query({ name: nameOf(text), text, values: [...values], types })
        await client.query('COMMIT')
        return rows as Row[]
      } catch (error) {
        failure = error
        throw error
      } finally {
        // What failed in the middle may have left anything: the pool opens another connection.
        client.release(failure !== undefined)
      }
    },
  })
}

/** @param projectId as SQL: a literal or a parameter */
export function setProject(projectId: string): string {
  return `SELECT set_config('role', 'trainyard_api', true), set_config('trainyard.project_id', ${projectId}, true)`
}

/**
 * The conditions that have a value, as a WHERE clause; `$` stands for the value, which becomes a parameter.
 * @example where([['id > $::uuid', after], ['kind = $::text', kind]]) // { text: 'WHERE kind = $1::text', values: ['train'] } without `after`
 */
export function where(conditions: readonly (readonly [text: string, value: unknown])[]): { text: string; values: unknown[] } {
  const given = conditions.filter(([, value]) => value !== undefined)
  const texts = given.map(([text], i) => text.replace('$', `$${i + 1}`))
  return { text: texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`, values: given.map(([, value]) => value) }
}

/**
 * One statement of a pool, while nobody else holds the lock of that name. Lock and statement travel in one message, and each sees what was
 * committed before it began: whoever stops in between holds up nobody, and the statement sees what the holders before have written.
 */
export async function queryInTurn<Row>(pool: pg.Pool, lock: string, text: string, values: readonly (string | number)[]): Promise<Row[]> {
  const statement = text.replace(/\$(\d+)/g, (_, position) => pg.escapeLiteral(String(values[Number(position) - 1])))
  const message = `SELECT pg_advisory_xact_lock(hashtextextended(${pg.escapeLiteral(lock)}, 0)); ${statement}`
  // One result per statement; the types of pg know only one.
  const results = (await pool.query({ text: message, types })) as unknown as readonly pg.QueryResult[]
  return (results.at(-1)?.rows ?? []) as Row[]
}

export function sqlOfTransaction(tx: Prisma.TransactionClient): Sql {
  return {
    async query<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
      const rows = await tx.$queryRawUnsafe<Record<string, unknown>[]>(text, ...values)
      return rows.map(
        (row) => Object.fromEntries(Object.entries(row).map(([key, v]) => [key, typeof v === 'bigint' ? Number(v) : v])) as Row,
      )
    },
  }
}
