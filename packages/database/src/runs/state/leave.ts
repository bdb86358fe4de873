// Every other way out of `running`: failed, crashed, given back, postponed, lost.

import type { Failure, RunState } from '@trainyard/contracts'
import { ERRORS } from '@trainyard/errors'
import type { Sql } from '../../sql.ts'
import { type Fence, fenceValues } from '../fence.ts'
import { CANCELLED_AT_STEP, grouped, LEAVE_COLUMNS } from './phrases.ts'

/** Crashes of its trainer without a new checkpoint in between, after which a run fails for good, unless the operator sets another number. */
export const CRASH_LIMIT = 3

/**
 * The same for leases that were lost: machines and networks fail for reasons of their own, so that the run is suspected later. Still bounded,
 * since a run may also be what brings its machine down.
 */
export const LOST_LIMIT = 10

/**
 * Takes locked runs out of `running`, to `lost.next`. Parameters: $1 how a lost run's attempt ended, $2 why, for a person, $3 the failure of
 * a run that has failed. With `lost.delay_ms` a queued run is announced only after that time (`announceDue`).
 */
const leave = (lost: string) => `
WITH lost AS MATERIALIZED (${lost}
), ended AS (
  UPDATE runs SET
    state = lost.next,
    crash_count = crash_count + lost.crashes,
    lost_count = lost_count + lost.losses,
    not_before = CASE lost.next WHEN 'queued' THEN clock_timestamp() + lost.delay_ms::float8 * interval '1 millisecond' END,
    dispatch_seq = dispatch_seq + CASE lost.next WHEN 'queued' THEN 1 ELSE 0 END,
    dispatched_at = CASE lost.next WHEN 'queued' THEN clock_timestamp() ELSE dispatched_at END,
    failure = CASE lost.next WHEN 'failed' THEN $3::jsonb END,
    finished_at = CASE WHEN lost.next IN ('failed', 'cancelled') THEN clock_timestamp() END,
    ${LEAVE_COLUMNS}
  FROM lost WHERE runs.id = lost.id
  RETURNING runs.id, project_id, lease_epoch, runs.state, last_step, dispatch_seq, event_seq, crash_count, lost_count, lost.delay_ms
), attempt AS (
  UPDATE attempts SET
    ended_at = clock_timestamp(), last_step = ended.last_step,
    outcome = CASE ended.state WHEN 'cancelled' THEN 'cancelled' ELSE $1 END::attempt_outcome,
    reason = CASE ended.state WHEN 'cancelled' THEN 'Cancelled as requested.' ELSE $2 END
  FROM ended WHERE run_id = ended.id AND attempts.lease_epoch = ended.lease_epoch
), message AS (
  INSERT INTO outbox (id, project_id, run_id, dispatch_seq)
  SELECT new_uuid(), project_id, id, dispatch_seq FROM ended WHERE state = 'queued' AND delay_ms IS NULL
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data)
  SELECT new_uuid(), project_id, id, event_seq, CASE state WHEN 'queued' THEN 'requeued' ELSE state::text END,
    CASE state
      WHEN 'cancelled' THEN ${CANCELLED_AT_STEP}
      WHEN 'paused' THEN CASE $1 WHEN 'paused' THEN $2 ELSE $2 || ' Paused as requested.' END
      WHEN 'queued' THEN $2 || CASE WHEN delay_ms IS NULL THEN ' Queued again.' ELSE ' Tried again in ' || ${grouped('delay_ms / 1000')} || ' s.' END
      ELSE $2
    END,
    jsonb_build_object('attempt', lease_epoch, 'step', last_step, 'crash_count', crash_count, 'lost_count', lost_count)
  FROM ended
)
SELECT id AS "runId", state FROM ended`

/** Back into the queue; a pause that was requested begins instead. */
const BACK = "CASE WHEN pause_requested_at IS NULL THEN 'queued' ELSE 'paused' END"

/** A requested cancellation comes first; a crash or a loss too many fails the run. */
const nextAfter = (count: 'crash_count' | 'lost_count', limit: number | '$6::int') => `CASE
    WHEN cancel_requested_at IS NOT NULL THEN 'cancelled' WHEN ${count} + 1 >= ${limit} THEN 'failed' ELSE ${BACK}
  END::run_state AS next, NULL::int AS delay_ms`

const FENCE_HOLDS_LATE = "id = $4::uuid AND lease_epoch = $5::int AND state = 'running'"

const LEAVE_CRASHED = leave(`
  SELECT id, ${nextAfter('crash_count', '$6::int')}, 1 AS crashes, 0 AS losses FROM runs WHERE ${FENCE_HOLDS_LATE} FOR UPDATE`)

const LEAVE_STOPPED = leave(`
  SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled' WHEN $6 = 'queued' THEN ${BACK} ELSE $6 END::run_state AS next,
    $7::int AS delay_ms, 0 AS crashes, 0 AS losses
  FROM runs WHERE ${FENCE_HOLDS_LATE} FOR UPDATE`)

const LEAVE_EXPIRED = leave(`
  SELECT id, ${nextAfter('lost_count', LOST_LIMIT)}, 0 AS crashes, 1 AS losses FROM runs
  WHERE state = 'running' AND lease_expires_at < clock_timestamp()
  ORDER BY id LIMIT $4::int FOR UPDATE SKIP LOCKED`)

export interface LeftRun {
  readonly runId: string
  readonly state: RunState
}

/** Ends a run for a reason that would come again. A requested cancellation comes first. @returns null when the fence no longer holds */
export async function fail(sql: Sql, fence: Fence, failure: Failure): Promise<'failed' | 'cancelled' | null> {
  const [row] = await sql.query<{ state: 'failed' | 'cancelled' }>(LEAVE_STOPPED, [
    'failed',
    failure.message,
    JSON.stringify(failure),
    ...fenceValues(fence),
    'failed',
    null,
  ])
  return row?.state ?? null
}

/**
 * The trainer ended without a word, or was killed. The run is queued again, or fails after `limit` times without a new checkpoint.
 * @param reason A sentence for a person: "The trainer was killed by SIGSEGV."
 */
export async function crash(
  sql: Sql,
  fence: Fence,
  reason: string,
  limit = CRASH_LIMIT,
): Promise<'queued' | 'paused' | 'failed' | 'cancelled' | null> {
  const [row] = await sql.query<{ state: 'queued' | 'paused' | 'failed' | 'cancelled' }>(LEAVE_CRASHED, [
    'crashed',
    reason,
    JSON.stringify(limitFailure(limit, 'crashed', reason)),
    ...fenceValues(fence),
    limit,
  ])
  return row?.state ?? null
}

/** Why a trainer stopped in good order, after a checkpoint where that was due → what its run becomes and what is said about it. */
const STOPS = {
  preempt: { next: 'queued', outcome: 'preempted', message: 'The worker is shutting down.' },
  pause: { next: 'paused', outcome: 'paused', message: 'Paused as requested.' },
  cancel: { next: 'cancelled', outcome: 'cancelled', message: 'Cancelled as requested.' },
} as const satisfies Record<string, { next: RunState; outcome: string; message: string }>

/** Gives a run back. No crash is counted; a requested cancellation comes first. @returns null when the fence no longer holds */
export async function release(sql: Sql, fence: Fence, reason: keyof typeof STOPS): Promise<'queued' | 'paused' | 'cancelled' | null> {
  const { next, outcome, message } = STOPS[reason]
  const [row] = await sql.query<{ state: 'queued' | 'paused' | 'cancelled' }>(LEAVE_STOPPED, [
    outcome,
    message,
    null,
    ...fenceValues(fence),
    next,
    null,
  ])
  return row?.state ?? null
}

/**
 * Gives a run back for something that it is not to blame for and that lasts: no space to store, say. It waits before anybody takes it up again.
 * No crash is counted; a requested cancellation comes first. @returns null when the fence no longer holds
 */
export async function postpone(sql: Sql, fence: Fence, reason: string, delayMs: number): Promise<'queued' | 'paused' | 'cancelled' | null> {
  const values = ['postponed', reason, null, ...fenceValues(fence), 'queued', Math.round(delayMs)]
  const [row] = await sql.query<{ state: 'queued' | 'paused' | 'cancelled' }>(LEAVE_STOPPED, values)
  return row?.state ?? null
}

/** Runs whose worker has not written in time: queued again, cancelled where that was requested, or failed after LOST_LIMIT. */
export async function expireLeases(sql: Sql, limit: number): Promise<LeftRun[]> {
  const reason = 'Its worker stopped answering and the lease expired.'
  return sql.query<LeftRun>(LEAVE_EXPIRED, [
    'lease_lost',
    reason,
    JSON.stringify({ ...limitFailure(LOST_LIMIT, 'lost its worker', reason), category: 'infrastructure' }),
    limit,
  ])
}

function limitFailure(limit: number, what: string, reason: string): Failure {
  return {
    category: ERRORS.crash_limit.category,
    code: 'crash_limit',
    message: `The run ${what} ${limit} times without a new checkpoint in between. The last time: ${reason}`,
    hint: ERRORS.crash_limit.hint,
  }
}
