// What a user asks for: cancel, pause, resume. Runs that wait change at once, running ones when their worker hears of it.

import type { Sql } from '../../sql.ts'
import type { LeftRun } from './leave.ts'

const CANCEL = `
WITH asked AS (
  SELECT id, state AS was FROM runs
  WHERE job_id = $1::uuid AND state IN ('queued', 'paused', 'running') AND cancel_requested_at IS NULL ORDER BY id FOR UPDATE
), cancelled AS (
  UPDATE runs SET
    cancel_requested_at = clock_timestamp(),
    state = CASE asked.was WHEN 'running' THEN 'running' ELSE 'cancelled' END::run_state,
    finished_at = CASE asked.was WHEN 'running' THEN NULL ELSE clock_timestamp() END,
    event_seq = event_seq + 1, updated_at = clock_timestamp()
  FROM asked WHERE runs.id = asked.id
  RETURNING runs.id, project_id, job_id, state, event_seq
), job AS (
  UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
  WHERE id IN (SELECT job_id FROM cancelled)
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message)
  SELECT new_uuid(), project_id, id, event_seq,
    CASE state WHEN 'running' THEN 'cancel_requested' ELSE 'cancelled' END,
    CASE state WHEN 'running' THEN 'Cancellation requested; the trainer stops after its current step.' ELSE 'Cancelled while it was waiting.' END
  FROM cancelled
)
SELECT id AS "runId", state FROM cancelled`

/**
 * Asks for the end of a job: waiting runs end at once, running ones with their next flush. Asking again, or after the end, changes nothing.
 * @returns The runs that this call changed.
 */
export async function cancelJob(sql: Sql, jobId: string): Promise<LeftRun[]> {
  return sql.query<LeftRun>(CANCEL, [jobId])
}

const PAUSE = `
WITH asked AS (
  SELECT id, state AS was FROM runs
  WHERE job_id = $1::uuid AND cancel_requested_at IS NULL AND (state = 'queued' OR (state = 'running' AND pause_requested_at IS NULL))
  ORDER BY id FOR UPDATE
), paused AS (
  UPDATE runs SET
    state = CASE asked.was WHEN 'running' THEN 'running' ELSE 'paused' END::run_state,
    pause_requested_at = CASE asked.was WHEN 'running' THEN clock_timestamp() END,
    not_before = NULL, event_seq = event_seq + 1, updated_at = clock_timestamp()
  FROM asked WHERE runs.id = asked.id
  RETURNING runs.id, project_id, state, event_seq
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message)
  SELECT new_uuid(), project_id, id, event_seq,
    CASE state WHEN 'running' THEN 'pause_requested' ELSE 'paused' END,
    CASE state WHEN 'running' THEN 'Pause requested; the trainer saves and stops after its current step.' ELSE 'Paused while it was waiting.' END
  FROM paused
)
SELECT id AS "runId", state FROM paused`

/**
 * Holds a job: waiting runs at once, running ones save and stop with their next flush. Asking again changes nothing.
 * @returns The runs that this call changed.
 */
export async function pauseJob(sql: Sql, jobId: string): Promise<LeftRun[]> {
  return sql.query<LeftRun>(PAUSE, [jobId])
}

const RESUME = `
WITH asked AS (
  SELECT id, state AS was FROM runs
  WHERE job_id = $1::uuid AND cancel_requested_at IS NULL AND (state = 'paused' OR (state = 'running' AND pause_requested_at IS NOT NULL))
  ORDER BY id FOR UPDATE
), resumed AS (
  UPDATE runs SET
    state = CASE asked.was WHEN 'running' THEN 'running' ELSE 'queued' END::run_state, pause_requested_at = NULL,
    dispatch_seq = dispatch_seq + CASE asked.was WHEN 'running' THEN 0 ELSE 1 END,
    dispatched_at = CASE asked.was WHEN 'running' THEN dispatched_at ELSE clock_timestamp() END,
    event_seq = event_seq + 1, updated_at = clock_timestamp()
  FROM asked WHERE runs.id = asked.id
  RETURNING runs.id, project_id, state, dispatch_seq, event_seq
), message AS (
  INSERT INTO outbox (id, project_id, run_id, dispatch_seq) SELECT new_uuid(), project_id, id, dispatch_seq FROM resumed WHERE state = 'queued'
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message)
  SELECT new_uuid(), project_id, id, event_seq, CASE state WHEN 'running' THEN 'pause_withdrawn' ELSE 'queued' END,
    CASE state WHEN 'running' THEN 'Resumed before the pause began.' ELSE 'Resumed; waiting for a worker.' END
  FROM resumed
)
SELECT id AS "runId", state FROM resumed`

/** Lets a held job go on; a pause that has not begun is withdrawn. @returns The runs that this call changed. */
export async function resumeJob(sql: Sql, jobId: string): Promise<LeftRun[]> {
  return sql.query<LeftRun>(RESUME, [jobId])
}
