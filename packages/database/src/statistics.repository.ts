// Counts over all projects, for operators. Takes workerSql.

import type { Sql } from './sql.ts'

export interface JobCount {
  readonly kind: string
  readonly state: string
  readonly count: number
}

export async function readJobCounts(sql: Sql): Promise<JobCount[]> {
  return sql.query<JobCount>('SELECT kind::text, state::text, count(*) AS count FROM jobs GROUP BY kind, state ORDER BY kind, state', [])
}

export interface QueueDepth {
  readonly queued: number
  readonly oldestSeconds: number
  readonly unpublished: number
}

export async function readQueueDepth(sql: Sql): Promise<QueueDepth> {
  const [row] = await sql.query<QueueDepth>(
    `SELECT count(*) AS queued,
       coalesce(extract(epoch FROM clock_timestamp() - min(dispatched_at)), 0)::float8 AS "oldestSeconds",
       (SELECT count(*) FROM outbox) AS unpublished
     FROM runs WHERE state = 'queued'`,
    [],
  )
  return row ?? { queued: 0, oldestSeconds: 0, unpublished: 0 }
}
