// Numbers that the database has written down by itself while the faults went on.

import type { Pool } from 'pg'

export interface Measures {
  /** From the request to the end of runs that were running, in milliseconds of the database's clock. */
  readonly cancelMs: { readonly count: number; readonly p50: number | null; readonly p99: number | null }
  /** Attempts that a worker gave back on SIGTERM, and steps beyond the checkpoint that the next attempt went on from. */
  readonly preempted: { readonly attempts: number; readonly stepsLost: number }
}

const CANCEL = `
SELECT count(*)::int AS count,
  round(percentile_disc(0.5) WITHIN GROUP (ORDER BY ms))::int AS p50, round(percentile_disc(0.99) WITHIN GROUP (ORDER BY ms))::int AS p99
FROM (
  SELECT extract(epoch FROM finished_at - cancel_requested_at) * 1000 AS ms FROM runs
  WHERE state = 'cancelled' AND started_at < cancel_requested_at AND finished_at > cancel_requested_at
) AS cancelled`

/** Only attempts that went further than all before them: the others' steps are those of somebody else. */
const PREEMPTED = `
SELECT count(*)::int AS attempts, coalesce(sum(greatest(a.last_step - next.first_step, 0)), 0)::int AS "stepsLost"
FROM attempts a JOIN attempts next ON next.run_id = a.run_id AND next.lease_epoch = a.lease_epoch + 1
WHERE a.outcome = 'preempted' AND a.last_step > coalesce(
  (SELECT max(before.last_step) FROM attempts before WHERE before.run_id = a.run_id AND before.lease_epoch < a.lease_epoch), 0)`

export async function measure(pool: Pool): Promise<Measures> {
  const [cancelled, preempted] = await Promise.all([pool.query<Measures['cancelMs']>(CANCEL), pool.query<Measures['preempted']>(PREEMPTED)])
  return {
    cancelMs: cancelled.rows[0] ?? { count: 0, p50: null, p99: null },
    preempted: preempted.rows[0] ?? { attempts: 0, stepsLost: 0 },
  }
}
