// Numbers that the database has written down by itself while the faults went on.

import type { Pool } from 'pg'

/** Of a number of durations, in milliseconds; null where there are none. */
interface Durations {
  readonly count: number
  readonly p50: number | null
  readonly p99: number | null
  readonly max: number | null
}

export interface Measures {
  /** From the request to the end of runs, in milliseconds of the database's clock: of those that were running, and of those that waited. */
  readonly cancelMs: { readonly running: Durations; readonly queued: Durations }
  /** Attempts at trainings that a worker gave back on SIGTERM; those whose steps went beyond the checkpoint of the next one, and by how many. */
  readonly preempted: { readonly attempts: number; readonly losing: number; readonly stepsLost: number }
}

const NONE: Durations = { count: 0, p50: null, p99: null, max: null }

const CANCEL = `
SELECT coalesce(started_at < cancel_requested_at, false) AS was_running, count(*)::int AS count,
  round(percentile_disc(0.5) WITHIN GROUP (ORDER BY ms))::int AS p50, round(percentile_disc(0.99) WITHIN GROUP (ORDER BY ms))::int AS p99,
  round(max(ms))::int AS max
FROM (
  SELECT started_at, cancel_requested_at, extract(epoch FROM finished_at - cancel_requested_at) * 1000 AS ms FROM runs
  WHERE state = 'cancelled' AND job_id <> ALL($1::uuid[])
) AS cancelled GROUP BY 1`

/**
 * Trainings that a worker gave back, with what came next. Only attempts that went further than all before them: the others' steps are those of
 * somebody else. Only trainings: an evaluation, a prediction or a verification keeps no checkpoints and begins anew, and the step that a
 * verification shows is that of the run that it repeats.
 */
const GIVEN_BACK = `
FROM attempts a JOIN attempts next ON next.run_id = a.run_id AND next.lease_epoch = a.lease_epoch + 1 JOIN runs r ON r.id = a.run_id
WHERE a.outcome = 'preempted' AND r.kind = 'train' AND a.last_step > coalesce(
  (SELECT max(before.last_step) FROM attempts before WHERE before.run_id = a.run_id AND before.lease_epoch < a.lease_epoch), 0)`

const PREEMPTED = `
SELECT count(*)::int AS attempts, (count(*) FILTER (WHERE a.last_step > next.first_step))::int AS losing,
  coalesce(sum(greatest(a.last_step - next.first_step, 0)), 0)::int AS "stepsLost"
${GIVEN_BACK}`

/** @param earlier jobs that do not count */
export async function measure(pool: Pool, earlier: readonly string[]): Promise<Measures> {
  const [cancelled, preempted] = await Promise.all([
    pool.query<Durations & { was_running: boolean }>(CANCEL, [earlier]),
    pool.query<Measures['preempted']>(PREEMPTED),
  ])
  const durations = (wasRunning: boolean): Durations => {
    const { count, p50, p99, max } = cancelled.rows.find((row) => row.was_running === wasRunning) ?? NONE
    return { count, p50, p99, max }
  }
  return {
    cancelMs: { running: durations(true), queued: durations(false) },
    preempted: preempted.rows[0] ?? { attempts: 0, losing: 0, stepsLost: 0 },
  }
}

const LOSING = `
SELECT r.id AS run, a.lease_epoch AS attempt, a.last_step - next.first_step AS steps, (
  SELECT string_agg(to_char(e.created_at, 'MI:SS.MS') || ' ' || e.type || ': ' || e.message, E'\\n    ' ORDER BY e.seq) FROM run_events e WHERE e.run_id = r.id
) AS events
${GIVEN_BACK} AND a.last_step > next.first_step`

/** Attempts at trainings that were given back and whose steps were not all saved, with what happened to their runs: for people. */
export async function describeLosses(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ run: string; attempt: number; steps: string; events: string }>(LOSING)
  return rows.map(({ run, attempt, steps, events }) => `attempt ${attempt} of run ${run} lost ${steps} steps:\n    ${events}`)
}

export interface JobCounts {
  readonly jobs: number
  readonly runs: number
  readonly attempts: number
  /** `kind state` → jobs. */
  readonly states: Readonly<Record<string, number>>
}

/** @param earlier jobs that do not count */
export async function countJobs(pool: Pool, earlier: readonly string[]): Promise<JobCounts> {
  const { rows } = await pool.query<{ jobs: number; runs: number; attempts: number }>(
    `SELECT count(DISTINCT j.id)::int AS jobs, count(DISTINCT r.id)::int AS runs, count(DISTINCT a.id)::int AS attempts
     FROM jobs j LEFT JOIN runs r ON r.job_id = j.id LEFT JOIN attempts a ON a.run_id = r.id WHERE j.id <> ALL($1::uuid[])`,
    [earlier],
  )
  const states = await pool.query<{ key: string; count: number }>(
    "SELECT kind || ' ' || state AS key, count(*)::int AS count FROM jobs WHERE id <> ALL($1::uuid[]) GROUP BY key ORDER BY key",
    [earlier],
  )
  const { jobs, runs, attempts } = rows[0] ?? { jobs: 0, runs: 0, attempts: 0 }
  return { jobs, runs, attempts, states: Object.fromEntries(states.rows.map(({ key, count }) => [key, count])) }
}
