// Who gets which run: fair between projects, by priority inside one.

import type { JobKind, RunConfig } from '@trainyard/contracts'
import type { CheckpointFile } from '../../checkpoints.repository.ts'
import type { Database } from '../../database.ts'
import type { Sql } from '../../sql.ts'
import type { Fence } from '../fence.ts'
import { grouped } from './phrases.ts'

export interface ClaimedRun extends Fence {
  readonly projectId: string
  readonly jobId: string
  readonly kind: JobKind
  readonly config: RunConfig
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Of the attempt before, when there was one. */
  readonly fingerprint: string | null
  readonly maxRuntimeS: number | null
  /** Milliseconds that it may still run in all; null without a limit. */
  readonly runtimeMsLeft: number | null
  /** Best first, at most three: to resume from the first whose file is intact. Those of the run that it repeats come behind its own. */
  readonly checkpoints: readonly CheckpointFile[]
}

/** Above what a user may ask for (contracts: PRIORITY_MAX): somebody waits for a prediction. */
export const PREDICTION_PRIORITY = 1000

/** One run, whatever its project's share. */
const THIS_ONE = `SELECT id FROM runs
  WHERE id = $3::uuid AND state = 'queued' AND (not_before IS NULL OR not_before <= clock_timestamp())`

/**
 * The run that comes next: of the project that runs least for its share and has not reached its limit, of equal ones that whose turn was the longest ago;
 * in it by priority, then by age.
 * Projects with waiting runs are found by hopping over the index, and each is probed once: what a claim costs does not depend on how many
 * runs wait. Predictions come first and count for no limit.
 */
export const NEXT = `WITH RECURSIVE waiting AS (
    (SELECT project_id FROM runs WHERE state = 'queued' ORDER BY project_id LIMIT 1)
    UNION ALL
    SELECT hop.project_id FROM waiting CROSS JOIN LATERAL (
      SELECT project_id FROM runs WHERE state = 'queued' AND runs.project_id > waiting.project_id ORDER BY project_id LIMIT 1
    ) AS hop
  ), load AS (
    SELECT project_id, count(*) AS running FROM runs WHERE state = 'running' AND kind <> 'predict' GROUP BY project_id
  )
  SELECT next.id
  FROM waiting JOIN projects p ON p.id = waiting.project_id LEFT JOIN load ON load.project_id = p.id
  LEFT JOIN project_turns turn ON turn.project_id = p.id CROSS JOIN LATERAL (
    SELECT id, kind FROM runs
    WHERE project_id = p.id AND state = 'queued' AND (not_before IS NULL OR not_before <= clock_timestamp())
      AND priority >= CASE WHEN coalesce(load.running, 0) >= p.concurrency_limit THEN ${PREDICTION_PRIORITY} ELSE -32768 END::smallint
    ORDER BY priority DESC, id LIMIT 1
  ) AS next
  ORDER BY next.kind = 'predict' DESC, coalesce(load.running, 0) / p.share, turn.claimed_at NULLS FIRST, next.id LIMIT 1`

/** Parameters: $1 the owner, $2 the life of the lease in milliseconds. */
const claiming = (candidate: string) => `
WITH candidate AS (${candidate}
), claimed AS (
  UPDATE runs SET
    state = 'running', lease_epoch = lease_epoch + 1, lease_owner = $1, phase = NULL, not_before = NULL,
    lease_expires_at = clock_timestamp() + $2::float8 * interval '1 millisecond',
    started_at = coalesce(started_at, clock_timestamp()), event_seq = event_seq + 1, updated_at = clock_timestamp()
  FROM candidate WHERE runs.id = candidate.id AND state = 'queued'
  RETURNING runs.id, project_id, job_id, kind, config, lease_epoch, fingerprint, event_seq, max_runtime_s, runtime_ms, resume_from
), turn AS (
  INSERT INTO project_turns (project_id, claimed_at) SELECT project_id, clock_timestamp() FROM claimed WHERE kind <> 'predict'
  ON CONFLICT (project_id) DO UPDATE SET claimed_at = excluded.claimed_at
), newest AS (
  SELECT c.id, c.object_key, c.bytes, c.sha256, c.step, c.epoch, row_number() OVER (ORDER BY c.run_id = claimed.id DESC, c.step DESC, c.id DESC) AS rank
  FROM claimed JOIN checkpoints c ON c.run_id IN (claimed.id, claimed.resume_from) ORDER BY rank LIMIT 3
), attempt AS (
  INSERT INTO attempts (id, project_id, run_id, lease_epoch, worker, first_step)
  SELECT new_uuid(), project_id, id, lease_epoch, $1, coalesce((SELECT step FROM newest WHERE rank = 1), 0) FROM claimed
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data)
  SELECT new_uuid(), project_id, id, event_seq, 'started',
    'Attempt ' || claimed.lease_epoch || ' began on worker ' || $1 || coalesce(
      (
        SELECT ', ' || ${grouped('extract(epoch FROM clock_timestamp() - ended_at)')} || ' s after attempt ' || a.lease_epoch || ' ended: '
          || lower(left(reason, 1)) || substring(reason FROM 2)
          || coalesce(
            (SELECT ' Goes on from the checkpoint at step ' || ${grouped('step')} || '.' FROM newest WHERE rank = 1),
            (SELECT ' Goes on with what is prepared.' FROM preparation_files f WHERE f.run_id = claimed.id LIMIT 1),
            ' Begins anew: there is no checkpoint yet.'
          )
        FROM attempts a WHERE a.run_id = claimed.id AND a.lease_epoch = claimed.lease_epoch - 1
      ), '.'),
    jsonb_build_object('attempt', lease_epoch, 'worker', $1)
  FROM claimed
)
SELECT
  claimed.id AS "runId", project_id AS "projectId", job_id AS "jobId", kind, config,
  lease_epoch AS "leaseEpoch", lease_epoch AS attempt, fingerprint, max_runtime_s AS "maxRuntimeS",
  max_runtime_s * 1000::bigint - runtime_ms AS "runtimeMsLeft",
  (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'id', n.id, 'objectKey', n.object_key, 'bytes', n.bytes, 'sha256', n.sha256, 'step', n.step, 'epoch', n.epoch
    ) ORDER BY n.rank), '[]') FROM newest n
  ) AS checkpoints
FROM candidate LEFT JOIN claimed ON claimed.id = candidate.id`

const CLAIM_NEXT = claiming(NEXT)
const CLAIM_THIS = claiming(THIS_ONE)

export interface ClaimRequest {
  /** Names the worker in attempts and events. */
  readonly owner: string
  readonly ttlMs: number
}

/** The chosen run was changed by somebody else at the same moment. */
type Raced = { readonly runId: null }

/** Takes this run, whatever its project's limit and share. Of any number of callers one gets it. @returns null when it cannot be had */
export async function claim(sql: Sql, { owner, ttlMs, runId }: ClaimRequest & { readonly runId: string }): Promise<ClaimedRun | null> {
  const [row] = await sql.query<ClaimedRun | Raced>(CLAIM_THIS, [owner, ttlMs, runId])
  return row === undefined || row.runId === null ? null : row
}

/** Of the lock that makes claims one after the other, so that each sees what the ones before have taken: limits hold exactly. */
const CLAIM_LOCK = 'trainyard claims'

/** Takes the run that comes next. @returns null when there is nothing to do */
export async function claimNext(database: Database, { owner, ttlMs }: ClaimRequest): Promise<ClaimedRun | null> {
  for (;;) {
    const [row] = await database.queryInTurn<ClaimedRun | Raced>(CLAIM_LOCK, CLAIM_NEXT, [owner, ttlMs])
    if (row === undefined) return null
    if (row.runId !== null) return row
  }
}
