// The only file that changes a run's state. Each function is one statement, so that what it decides and what it writes cannot come apart;
// the database's clock decides about leases. Jobs and failed preparations follow by trigger (prisma/migrations).

import type { DatasetManifest, Failure, JobKind, RunConfig, RunResult, RunState } from '@trainyard/contracts'
import { ERRORS } from '@trainyard/errors'
import type { CheckpointFile } from '../checkpoints.repository.ts'
import type { Sql } from '../sql.ts'
import { FENCE_HOLDS, type Fence, fenceValues } from './fence.ts'

/** Crashes without a new checkpoint in between, after which a run fails for good. */
export const CRASH_LIMIT = 3

export interface ClaimedRun extends Fence {
  readonly projectId: string
  readonly jobId: string
  readonly kind: JobKind
  readonly config: RunConfig
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Of the attempt before, when there was one. */
  readonly fingerprint: string | null
  /** Newest first, at most three: to resume from the first whose file is intact. */
  readonly checkpoints: readonly CheckpointFile[]
}

const CLAIM = `
WITH claimed AS (
  UPDATE runs SET
    state = 'running', lease_epoch = lease_epoch + 1, lease_owner = $2, phase = NULL,
    lease_expires_at = clock_timestamp() + $3::float8 * interval '1 millisecond',
    crash_count = crash_count + CASE state WHEN 'running' THEN 1 ELSE 0 END,
    started_at = coalesce(started_at, clock_timestamp()), event_seq = event_seq + 1, updated_at = clock_timestamp()
  WHERE id = $1::uuid AND cancel_requested_at IS NULL
    AND (state = 'queued' OR (state = 'running' AND lease_expires_at < clock_timestamp() AND crash_count + 1 < $4::int))
  RETURNING id, project_id, job_id, kind, config, lease_epoch, fingerprint, last_step, event_seq
), lost AS (
  UPDATE attempts SET ended_at = clock_timestamp(), outcome = 'lease_lost', last_step = claimed.last_step
  FROM claimed WHERE run_id = claimed.id AND attempts.lease_epoch = claimed.lease_epoch - 1 AND ended_at IS NULL
  RETURNING worker
), attempt AS (
  INSERT INTO attempts (id, project_id, run_id, lease_epoch, worker, first_step)
  SELECT new_uuid(), project_id, id, lease_epoch, $2, last_step FROM claimed
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data)
  SELECT new_uuid(), project_id, id, event_seq, 'started',
    'Attempt ' || lease_epoch || ' started on worker ' || $2 || coalesce((SELECT '; worker ' || worker || ' had lost its lease' FROM lost), '') || '.',
    jsonb_build_object('attempt', lease_epoch, 'worker', $2)
  FROM claimed
)
SELECT
  id AS "runId", project_id AS "projectId", job_id AS "jobId", kind, config, lease_epoch AS "leaseEpoch", lease_epoch AS attempt, fingerprint,
  (
    SELECT coalesce(jsonb_agg(c ORDER BY c.step DESC), '[]')
    FROM (
      SELECT id, object_key AS "objectKey", bytes, sha256, step, epoch
      FROM checkpoints WHERE run_id = $1::uuid ORDER BY step DESC, id DESC LIMIT 3
    ) AS c
  ) AS checkpoints
FROM claimed`

/**
 * Takes a run that is queued, or whose lease has expired. Of any number of callers one gets it.
 * @param input.owner Names the worker in attempts and events.
 * @returns null when there is nothing to do: the message is old, or somebody else was faster.
 */
export async function claim(sql: Sql, input: { runId: string; owner: string; ttlMs: number }): Promise<ClaimedRun | null> {
  const [row] = await sql.query<ClaimedRun>(CLAIM, [input.runId, input.owner, input.ttlMs, CRASH_LIMIT])
  return row ?? null
}

/** A checkpoint whose file is stored and safe. */
export interface NewCheckpoint {
  readonly id: string
  readonly kind: 'periodic' | 'final'
  readonly step: number
  readonly epoch: number
  readonly objectKey: string
  readonly bytes: number
  readonly sha256: string
  /** In their wire form. */
  readonly metrics: Readonly<Record<string, number | string>>
}

/** The row of a checkpoint, from the fields of one JSON parameter and the fenced run. */
const insertCheckpoint = (source: string, parameter: string) => `
  INSERT INTO checkpoints (id, project_id, job_id, run_id, lease_epoch, kind, step, epoch, object_key, bytes, sha256, metrics)
  SELECT c.id, ${source}.project_id, ${source}.job_id, ${source}.id, ${source}.lease_epoch, c.kind, c.step, c.epoch, c."objectKey", c.bytes, c.sha256, c.metrics
  FROM ${source}, jsonb_to_record(${parameter}::jsonb)
    AS c (id uuid, kind checkpoint_kind, step bigint, epoch float8, "objectKey" text, bytes bigint, sha256 text, metrics jsonb)
  WHERE ${parameter}::jsonb IS NOT NULL`

const CHECKPOINT = `
WITH fence AS (
  UPDATE runs SET
    crash_count = CASE WHEN $4::bigint > coalesce((SELECT max(step) FROM checkpoints WHERE run_id = $1::uuid), -1) THEN 0 ELSE crash_count END,
    event_seq = event_seq + 1, updated_at = clock_timestamp()
  WHERE ${FENCE_HOLDS}
  RETURNING id, project_id, job_id, lease_epoch, event_seq
), checkpoint AS (${insertCheckpoint('fence', '$3')}
  ON CONFLICT (id) DO NOTHING RETURNING id
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data)
  SELECT new_uuid(), project_id, id, event_seq, 'checkpoint', 'Checkpoint stored at step ' || $4::bigint || '.', jsonb_build_object('step', $4::bigint)
  FROM fence WHERE EXISTS (SELECT FROM checkpoint)
)
SELECT id FROM fence`

/** Makes a stored file a checkpoint; a new one forgives the crashes before it. To repeat it changes nothing. @returns false when the fence no longer holds */
export async function recordCheckpoint(sql: Sql, fence: Fence, checkpoint: NewCheckpoint): Promise<boolean> {
  const rows = await sql.query(CHECKPOINT, [...fenceValues(fence), JSON.stringify(checkpoint), checkpoint.step])
  return rows.length === 1
}

/** What every statement that takes a run out of `running` writes beside its own columns. */
const LEAVE_COLUMNS = `phase = NULL, lease_owner = NULL, lease_expires_at = NULL, pause_requested_at = NULL, event_seq = event_seq + 1,
    updated_at = clock_timestamp()`

const COMPLETE = `
WITH ended AS (
  UPDATE runs SET
    state = CASE WHEN cancel_requested_at IS NULL THEN 'succeeded' ELSE 'cancelled' END::run_state,
    result = CASE WHEN cancel_requested_at IS NULL THEN $3::jsonb END,
    last_step = coalesce($4::bigint, last_step), finished_at = clock_timestamp(), ${LEAVE_COLUMNS}
  WHERE ${FENCE_HOLDS}
  RETURNING id, project_id, job_id, lease_epoch, config, state, last_step, event_seq
), attempt AS (
  UPDATE attempts SET ended_at = clock_timestamp(), outcome = ended.state::text::attempt_outcome, last_step = ended.last_step
  FROM ended WHERE run_id = ended.id AND attempts.lease_epoch = ended.lease_epoch
), checkpoint AS (${insertCheckpoint('ended', '$5')}
), version AS (
  UPDATE dataset_versions SET
    status = 'ready', manifest = $6::jsonb, digest = $6::jsonb ->> 'digest', rows = $7::int, bytes = $8::bigint, prepared_at = clock_timestamp()
  FROM ended
  WHERE $6::jsonb IS NOT NULL AND ended.state = 'succeeded' AND dataset_versions.id = (ended.config ->> 'dataset_version_id')::uuid
    AND dataset_versions.status = 'preparing'
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message)
  SELECT new_uuid(), project_id, id, event_seq, state::text,
    CASE state WHEN 'succeeded' THEN 'Finished.' ELSE 'Cancelled as requested, at step ' || last_step || '.' END
  FROM ended
)
SELECT state FROM ended`

export interface Completion {
  readonly result: RunResult
  readonly lastStep?: number
  /** The final checkpoint, stored already. */
  readonly checkpoint?: NewCheckpoint
  /** Of a preparation: the version becomes ready. */
  readonly manifest?: DatasetManifest
}

/**
 * Ends a run well, unless its cancellation was requested: then it ends cancelled, whoever was first.
 * @returns The state that it has now, or null when the fence no longer holds.
 */
export async function complete(sql: Sql, fence: Fence, completion: Completion): Promise<'succeeded' | 'cancelled' | null> {
  const { result, lastStep, checkpoint, manifest } = completion
  const splits = Object.values(manifest?.splits ?? {})
  const [row] = await sql.query<{ state: 'succeeded' | 'cancelled' }>(COMPLETE, [
    ...fenceValues(fence),
    JSON.stringify(result),
    lastStep ?? null,
    checkpoint === undefined ? null : JSON.stringify(checkpoint),
    manifest === undefined ? null : JSON.stringify(manifest),
    splits.reduce((sum, split) => sum + split.rows, 0),
    splits.flatMap((split) => split.shards).reduce((sum, shard) => sum + shard.bytes, 0),
  ])
  return row?.state ?? null
}

/**
 * Takes locked runs out of `running`, to `lost.next`. Parameters: $1 how a lost run's attempt ended, $2 why, for a person, $3 the failure of
 * a run that has failed.
 */
const leave = (lost: string) => `
WITH lost AS MATERIALIZED (${lost}
), ended AS (
  UPDATE runs SET
    state = lost.next,
    crash_count = crash_count + lost.crashes,
    dispatch_seq = dispatch_seq + CASE lost.next WHEN 'queued' THEN 1 ELSE 0 END,
    dispatched_at = CASE lost.next WHEN 'queued' THEN clock_timestamp() ELSE dispatched_at END,
    failure = CASE lost.next WHEN 'failed' THEN $3::jsonb END,
    finished_at = CASE WHEN lost.next IN ('failed', 'cancelled') THEN clock_timestamp() END,
    ${LEAVE_COLUMNS}
  FROM lost WHERE runs.id = lost.id
  RETURNING runs.id, project_id, lease_epoch, runs.state, last_step, dispatch_seq, event_seq, crash_count
), attempt AS (
  UPDATE attempts SET
    ended_at = clock_timestamp(), last_step = ended.last_step,
    outcome = CASE ended.state WHEN 'cancelled' THEN 'cancelled' ELSE $1 END::attempt_outcome
  FROM ended WHERE run_id = ended.id AND attempts.lease_epoch = ended.lease_epoch
), message AS (
  INSERT INTO outbox (id, project_id, run_id, dispatch_seq)
  SELECT new_uuid(), project_id, id, dispatch_seq FROM ended WHERE state = 'queued'
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data)
  SELECT new_uuid(), project_id, id, event_seq, CASE state WHEN 'queued' THEN 'requeued' ELSE state::text END,
    CASE state
      WHEN 'cancelled' THEN 'Cancelled as requested, at step ' || last_step || '.'
      WHEN 'queued' THEN $2 || ' Queued again, to go on from the last checkpoint.'
      ELSE $2
    END,
    jsonb_build_object('attempt', lease_epoch, 'step', last_step, 'crash_count', crash_count)
  FROM ended
)
SELECT id AS "runId", state FROM ended`

/** A requested cancellation comes first; a crash too many fails the run. */
const NEXT_AFTER_CRASH = `CASE
    WHEN cancel_requested_at IS NOT NULL THEN 'cancelled' WHEN crash_count + 1 >= ${CRASH_LIMIT} THEN 'failed' ELSE 'queued'
  END::run_state AS next, 1 AS crashes`

const FENCE_HOLDS_LATE = "id = $4::uuid AND lease_epoch = $5::int AND state = 'running'"

const LEAVE_CRASHED = leave(`SELECT id, ${NEXT_AFTER_CRASH} FROM runs WHERE ${FENCE_HOLDS_LATE} FOR UPDATE`)

const LEAVE_STOPPED = leave(`
  SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancelled' ELSE $6 END::run_state AS next, 0 AS crashes
  FROM runs WHERE ${FENCE_HOLDS_LATE} FOR UPDATE`)

const LEAVE_EXPIRED = leave(`
  SELECT id, ${NEXT_AFTER_CRASH} FROM runs
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
  ])
  return row?.state ?? null
}

/**
 * The trainer ended without a word, or was killed. The run is queued again, or fails after CRASH_LIMIT times without a new checkpoint.
 * @param reason A sentence for a person: "The trainer was killed by SIGSEGV."
 */
export async function crash(sql: Sql, fence: Fence, reason: string): Promise<'queued' | 'failed' | 'cancelled' | null> {
  const [row] = await sql.query<{ state: 'queued' | 'failed' | 'cancelled' }>(LEAVE_CRASHED, [
    'crashed',
    reason,
    JSON.stringify(crashLimitFailure(reason)),
    ...fenceValues(fence),
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
  ])
  return row?.state ?? null
}

/** Runs whose worker has not written in time: queued again, cancelled where that was requested, or failed after CRASH_LIMIT. */
export async function expireLeases(sql: Sql, limit: number): Promise<LeftRun[]> {
  const reason = 'The worker stopped answering and lost its lease.'
  return sql.query<LeftRun>(LEAVE_EXPIRED, ['lease_lost', reason, JSON.stringify(crashLimitFailure(reason)), limit])
}

function crashLimitFailure(reason: string): Failure {
  return {
    category: ERRORS.crash_limit.category,
    code: 'crash_limit',
    message: `The run crashed ${CRASH_LIMIT} times without a new checkpoint in between. The last time: ${reason}`,
    hint: ERRORS.crash_limit.hint,
  }
}

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
