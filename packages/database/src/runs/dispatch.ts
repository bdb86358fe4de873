// Messages that wake a worker. A message may be lost; then the run is announced again under the next number, since BullMQ ignores the id of
// a message that it has seen. Never changes a state.

import type { RunMessage } from '@trainyard/contracts'
import type { Tx } from '../database.ts'
import type { Sql } from '../sql.ts'

/**
 * Hands messages to `publish` and deletes them; when it throws, they stay. Several relays at once take different messages. A process that
 * dies in between publishes twice, which is harmless.
 * @param tx Of a worker.
 * @returns how many
 */
export async function publishOutbox(tx: Tx, limit: number, publish: (messages: RunMessage[]) => Promise<void>): Promise<number> {
  const rows = await tx.$queryRaw<RunMessage[]>`
    DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED) RETURNING run_id, dispatch_seq`
  if (rows.length > 0) await publish(rows)
  return rows.length
}

/** Whether messages wait to be published. */
export async function hasOutbox(sql: Sql): Promise<boolean> {
  return (await sql.query('SELECT 1 FROM outbox LIMIT 1', [])).length > 0
}

/**
 * Queued runs that nobody has claimed for a while although their message was published and their project has room, longest waiting first.
 * Who ends a run of a project at its limit takes the next one: no message is needed for that.
 */
export async function listUnclaimed(sql: Sql, input: { olderThanMs: number; limit: number }): Promise<RunMessage[]> {
  return sql.query<RunMessage>(
    `SELECT id AS run_id, dispatch_seq FROM runs
     WHERE state = 'queued' AND not_before IS NULL AND dispatched_at < clock_timestamp() - $1::float8 * interval '1 millisecond'
       AND project_id NOT IN (
         SELECT p.id FROM projects p JOIN runs r ON r.project_id = p.id AND r.state = 'running' AND r.kind <> 'predict'
         WHERE p.concurrency_limit IS NOT NULL GROUP BY p.id HAVING count(*) >= p.concurrency_limit
       )
       AND NOT EXISTS (SELECT FROM outbox WHERE run_id = runs.id)
     ORDER BY dispatched_at LIMIT $2::int`,
    [input.olderThanMs, input.limit],
  )
}

/** Announces runs whose waiting time is over. @returns how many */
export async function announceDue(sql: Sql, limit: number): Promise<number> {
  const rows = await sql.query(
    `WITH due AS (
       SELECT id FROM runs WHERE state = 'queued' AND not_before <= clock_timestamp() ORDER BY id LIMIT $1::int FOR UPDATE SKIP LOCKED
     ), announced AS (
       UPDATE runs SET not_before = NULL, dispatch_seq = dispatch_seq + 1, dispatched_at = clock_timestamp()
       FROM due WHERE runs.id = due.id
       RETURNING runs.id, project_id, dispatch_seq
     )
     INSERT INTO outbox (id, project_id, run_id, dispatch_seq) SELECT new_uuid(), project_id, id, dispatch_seq FROM announced RETURNING id`,
    [limit],
  )
  return rows.length
}

/** Their messages are lost: announces them again. Runs that moved on meanwhile are left alone. @returns how many */
export async function redispatch(sql: Sql, messages: readonly RunMessage[]): Promise<number> {
  const rows = await sql.query(
    `WITH stale AS (
       UPDATE runs SET dispatch_seq = runs.dispatch_seq + 1, dispatched_at = clock_timestamp()
       FROM unnest($1::uuid[], $2::int[]) AS m (run_id, dispatch_seq)
       WHERE runs.id = m.run_id AND runs.dispatch_seq = m.dispatch_seq AND runs.state = 'queued'
       RETURNING runs.id, project_id, runs.dispatch_seq
     )
     INSERT INTO outbox (id, project_id, run_id, dispatch_seq) SELECT new_uuid(), project_id, id, dispatch_seq FROM stale RETURNING id`,
    [messages.map((message) => message.run_id), messages.map((message) => message.dispatch_seq)],
  )
  return rows.length
}

/** Their messages still wait in the queue: looks at them again later. */
export async function postpone(sql: Sql, messages: readonly RunMessage[]): Promise<void> {
  await sql.query("UPDATE runs SET dispatched_at = clock_timestamp() WHERE id = ANY ($1::uuid[]) AND state = 'queued'", [
    messages.map((message) => message.run_id),
  ])
}
