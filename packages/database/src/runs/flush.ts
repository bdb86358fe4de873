// The fenced write of a running run: heartbeat, fence, progress, metrics, events and the news of a cancellation, in one statement and one
// round trip. It never changes the state.

import type { MetricPoint, RunPhase, RunPlan } from '@trainyard/contracts'
import type { Sql } from '../sql.ts'
import { FENCE_HOLDS, type Fence, fenceValues, type IdentifiedEvent } from './fence.ts'

export interface FlushInput {
  /** The lease is extended to this time from now; null leaves it as it is (a trainer that does not advance). */
  readonly ttlMs: number | null
  readonly progress?: {
    readonly phase: RunPhase
    readonly step: number
    readonly epoch: number
    readonly samplesPerSecond: number | null
  }
  readonly points?: readonly MetricPoint[]
  readonly events?: readonly IdentifiedEvent[]
  /**
   * What becomes of a point that is stored already with other bits: it stays as it is (and is reported), or, across a change of
   * fingerprint, the new one takes its place (and is reported). Default: `keep`.
   */
  readonly onDifference?: 'keep' | 'supersede'
}

export interface FlushResult {
  readonly cancelRequested: boolean
  readonly pauseRequested: boolean
  /** Points that were new. */
  readonly inserted: number
  /** How many of the points differ from what is stored. Equal ones are no difference: they prove that a replay is exact. */
  readonly differing: number
  /** The first of them by step. */
  readonly firstDifference: { readonly name: string; readonly step: number; readonly stored: number; readonly value: number } | null
}

/** Parameters $11 to $14 are the events; one that is stored already, since the reply was lost, is not counted again. */
const FLUSH = `
WITH new_event AS MATERIALIZED (
  SELECT type, message, data, id, row_number() OVER (ORDER BY position) AS position
  FROM unnest($11::text[], $12::text[], $13::jsonb[], $14::uuid[]) WITH ORDINALITY AS e (type, message, data, id, position)
  WHERE id NOT IN (SELECT id FROM run_events WHERE id = ANY ($14::uuid[]))
), fence AS (
  UPDATE runs SET
    lease_expires_at = CASE WHEN $3::float8 IS NULL THEN lease_expires_at ELSE clock_timestamp() + $3::float8 * interval '1 millisecond' END,
    phase = coalesce($4::run_phase, phase), last_step = coalesce($5::bigint, last_step), epoch = coalesce($6::float8, epoch),
    samples_per_second = coalesce($7::float8, samples_per_second), event_seq = event_seq + (SELECT count(*) FROM new_event)::int,
    updated_at = clock_timestamp()
  WHERE ${FENCE_HOLDS}
  RETURNING id, project_id, cancel_requested_at, pause_requested_at, event_seq - (SELECT count(*) FROM new_event)::int AS events_before
), point AS (
  SELECT DISTINCT ON (name, step) name, step, value, position
  FROM unnest($8::text[], $9::bigint[], $10::float8[]) WITH ORDINALITY AS p (name, step, value, position)
  ORDER BY name, step, position DESC
), newest AS (
  SELECT DISTINCT ON (name) name, step, value, min(position) OVER (PARTITION BY name) AS position FROM point ORDER BY name, step DESC
), known_series AS (
  SELECT series_id, name FROM metric_series WHERE run_id = $1::uuid
), new_series AS (
  INSERT INTO metric_series (project_id, run_id, series_id, name, last_step, last_value)
  SELECT fence.project_id, fence.id, (SELECT count(*) FROM known_series) + row_number() OVER (ORDER BY newest.position), name, step, value
  FROM fence, newest WHERE name NOT IN (SELECT name FROM known_series)
  RETURNING series_id, name
), moved_series AS (
  UPDATE metric_series s SET last_step = newest.step, last_value = newest.value
  FROM fence, newest WHERE s.run_id = fence.id AND s.name = newest.name AND newest.step >= s.last_step
), row AS (
  SELECT fence.project_id, fence.id AS run_id, series.series_id, point.name, point.step, point.value
  FROM fence, point JOIN (SELECT * FROM known_series UNION ALL SELECT * FROM new_series) AS series USING (name)
), difference AS (
  SELECT row.name, row.step, stored.value AS stored, row.value
  FROM row JOIN metric_points stored USING (run_id, series_id, step)
  WHERE float8send(stored.value) <> float8send(row.value)
), inserted AS (
  INSERT INTO metric_points AS stored (project_id, run_id, series_id, step, value)
  SELECT project_id, run_id, series_id, step, value FROM row
  ON CONFLICT (run_id, series_id, step) DO UPDATE SET value = excluded.value
    WHERE $15::boolean AND float8send(stored.value) <> float8send(excluded.value)
  RETURNING 1
), event AS (
  INSERT INTO run_events (id, project_id, run_id, seq, type, message, data)
  SELECT e.id, fence.project_id, fence.id, fence.events_before + e.position, e.type, e.message, e.data
  FROM fence, new_event e
  ON CONFLICT (id) DO NOTHING
)
SELECT
  cancel_requested_at IS NOT NULL AS cancel_requested, pause_requested_at IS NOT NULL AS pause_requested,
  (SELECT count(*) FROM inserted) AS written, (SELECT count(*) FROM difference) AS differing,
  first.name AS first_name, first.step AS first_step, first.stored::text AS first_stored, first.value::text AS first_value
FROM fence LEFT JOIN (SELECT * FROM difference ORDER BY step, name LIMIT 1) AS first ON true`

interface FlushRow {
  readonly cancel_requested: boolean
  readonly pause_requested: boolean
  readonly written: number
  readonly differing: number
  readonly first_name: string | null
  readonly first_step: number
  readonly first_stored: string
  readonly first_value: string
}

/** @returns null when the fence no longer holds; then nothing was written, and the trainer has to be stopped. */
export async function flush(sql: Sql, fence: Fence, input: FlushInput): Promise<FlushResult | null> {
  const points = input.points ?? []
  const isSuperseding = input.onDifference === 'supersede'
  const [row] = await sql.query<FlushRow>(FLUSH, [
    ...fenceValues(fence),
    input.ttlMs,
    input.progress?.phase ?? null,
    input.progress?.step ?? null,
    input.progress?.epoch ?? null,
    input.progress?.samplesPerSecond ?? null,
    points.map((point) => point.name),
    points.map((point) => point.step),
    points.map((point) => doubleText(point.value)),
    ...eventColumns(input.events ?? []),
    isSuperseding,
  ])
  if (row === undefined) return null
  return {
    cancelRequested: row.cancel_requested,
    pauseRequested: row.pause_requested,
    inserted: isSuperseding ? row.written - row.differing : row.written,
    differing: row.differing,
    firstDifference:
      row.first_name === null
        ? null
        : { name: row.first_name, step: row.first_step, stored: Number(row.first_stored), value: Number(row.first_value) },
  }
}

const PLAN = `
WITH fence AS (
  UPDATE runs SET plan = $3::jsonb, fingerprint = $4, total_steps = $5::bigint, total_epochs = $6::float8, updated_at = clock_timestamp()
  WHERE ${FENCE_HOLDS} RETURNING id, lease_epoch
), attempt AS (
  UPDATE attempts SET fingerprint = $4 FROM fence WHERE run_id = fence.id AND attempts.lease_epoch = fence.lease_epoch
)
SELECT id FROM fence`

/** What the planner found out, once per attempt. @returns false when the fence no longer holds */
export async function recordPlan(
  sql: Sql,
  fence: Fence,
  input: { plan: RunPlan; fingerprint: string; totalEpochs: number | null },
): Promise<boolean> {
  const { plan, fingerprint, totalEpochs } = input
  const rows = await sql.query(PLAN, [...fenceValues(fence), JSON.stringify(plan), fingerprint, plan.total_steps, totalEpochs])
  return rows.length === 1
}

/** Shortest text that PostgreSQL reads back to the same double; String() would lose the sign of -0. */
function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function eventColumns(events: readonly IdentifiedEvent[]) {
  return [
    events.map((event) => event.type),
    events.map((event) => event.message),
    events.map((event) => JSON.stringify(event.data ?? {})),
    events.map((event) => event.id),
  ]
}
