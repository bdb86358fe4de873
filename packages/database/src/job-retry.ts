// A job that repeats one that has ended. What has ended does not change any more, so that a retry is a new job: it goes on from the last
// checkpoint of the old one, and takes over its curves up to there.

import type { RunConfig } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import { type JobRecord, submit } from './jobs.repository.ts'
import { fromJson } from './json.ts'
import { grouped } from './runs/state/phrases.ts'
import { sqlOfTransaction } from './sql.ts'

export interface RetryOptions {
  /** false: from the beginning, as if the old job had never been. */
  readonly resume: boolean
  /** Default: those of the old job. */
  readonly priority?: number | undefined
  readonly maxRuntimeS?: number | null | undefined
}

/**
 * Parameters: $1 the new runs, $2 the old ones that they repeat. A run without a checkpoint of its own passes on those that it was given itself.
 * Series are numbered anew, since numbers have no gaps.
 */
const RESUME = `
WITH start AS (
  SELECT pair.run_id, source.id AS source_id, source.project_id, source.fingerprint, newest.step
  FROM unnest($1::uuid[], $2::uuid[]) AS pair (run_id, repeated_id)
  JOIN runs repeated ON repeated.id = pair.repeated_id
  JOIN runs source ON source.id = CASE WHEN EXISTS (SELECT FROM checkpoints WHERE run_id = repeated.id) THEN repeated.id ELSE repeated.resume_from END
  CROSS JOIN LATERAL (SELECT step FROM checkpoints WHERE run_id = source.id ORDER BY step DESC LIMIT 1) AS newest
), run AS (
  UPDATE runs SET
    resume_from = start.source_id, fingerprint = start.fingerprint, last_step = start.step, event_seq = event_seq + 1, updated_at = clock_timestamp()
  FROM start WHERE runs.id = start.run_id
  RETURNING id, runs.project_id, event_seq, start.step, start.source_id
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data, created_at)
  SELECT new_uuid(), project_id, id, event_seq, 'continued', 'Will go on from the checkpoint at step ' || ${grouped('step')} || ' of the run that it repeats.',
    jsonb_build_object('step', step), clock_timestamp()
  FROM run
), series AS (
  INSERT INTO metric_series (project_id, run_id, series_id, name, last_step, last_value)
  SELECT start.project_id, start.run_id, row_number() OVER (PARTITION BY start.run_id ORDER BY old.series_id), old.name, last.step, last.value
  FROM start JOIN metric_series old ON old.run_id = start.source_id CROSS JOIN LATERAL (
    SELECT step, value FROM metric_points p
    WHERE p.run_id = old.run_id AND p.series_id = old.series_id AND p.step <= start.step ORDER BY step DESC LIMIT 1
  ) AS last
  RETURNING project_id, run_id, series_id, name
)
INSERT INTO metric_points (project_id, run_id, series_id, step, value)
SELECT series.project_id, series.run_id, series.series_id, p.step, p.value
FROM start JOIN series ON series.run_id = start.run_id JOIN metric_series old ON old.run_id = start.source_id AND old.name = series.name
JOIN metric_points p ON p.run_id = old.run_id AND p.series_id = old.series_id AND p.step <= start.step`

export async function retry(tx: Tx, jobId: string, { resume, priority, maxRuntimeS }: RetryOptions): Promise<JobRecord> {
  const job = await tx.job.findUniqueOrThrow({
    where: { id: jobId },
    include: { runs: { orderBy: { id: 'asc' }, select: { id: true, config: true } } },
  })
  const next = await submit(tx, {
    projectId: job.projectId,
    kind: job.kind,
    name: job.name,
    config: job.config,
    runs: job.runs.map(({ config }) => fromJson<RunConfig>(config)),
    priority: priority ?? job.priority,
    maxRuntimeS: maxRuntimeS === undefined ? job.maxRuntimeS : maxRuntimeS,
    retryOf: job.id,
  })
  if (resume && job.kind === 'train') {
    const ids = [next.runs, job.runs].map((runs) => runs.map(({ id }) => id))
    await sqlOfTransaction(tx).query(RESUME, ids)
  }
  return next
}
