// Metric series, read only. Numbers travel as text, so that NaN, infinities and -0 arrive as they are stored.

import type { Tx } from './database.ts'
import { Prisma } from './generated/client.ts'

/**
 * One point, or a bucket of points: `step` and `value` are the bucket's last; `min` and `max` its extremes over the finite values, null
 * when there is none; so that no spike disappears.
 */
export interface MetricBucket {
  readonly step: number
  readonly value: number
  readonly min: number | null
  readonly max: number | null
  readonly count: number
  readonly nonFinite: number
}

export interface MetricSeriesRecord {
  readonly name: string
  readonly lastStep: number
  readonly points: MetricBucket[]
}

export interface MetricsRequest {
  readonly runId: string
  /** Default: all series. */
  readonly names?: readonly string[] | undefined
  /** Only points behind this step. */
  readonly afterStep?: number | undefined
  /** Upper bound of buckets per series. */
  readonly maxPoints: number
}

/** Every series of the run in one statement, by name; points in the order of steps. */
export async function read(tx: Tx, { runId, names, afterStep, maxPoints }: MetricsRequest): Promise<MetricSeriesRecord[]> {
  const rows = await tx.$queryRaw<BucketRow[]>`
    WITH series AS (
      SELECT series_id, name, last_step FROM metric_series
      WHERE run_id = ${runId}::uuid AND (${names === undefined} OR name = ANY (${[...(names ?? [])]}::text[]))
    ), numbered AS (
      SELECT series_id, step, value, value NOT IN ('NaN', 'Infinity', '-Infinity') AS is_finite,
        row_number() OVER points - 1 AS position, count(*) OVER (PARTITION BY series_id) AS total
      FROM metric_points JOIN series USING (series_id)
      WHERE run_id = ${runId}::uuid AND step > ${afterStep ?? -1}::bigint
      WINDOW points AS (PARTITION BY series_id ORDER BY step)
    ), buckets AS (
      SELECT series_id, position * least(total, ${maxPoints}::int) / total AS bucket,
        max(step) AS step, min(value) FILTER (WHERE is_finite) AS min, max(value) FILTER (WHERE is_finite) AS max,
        count(*) AS count, count(*) FILTER (WHERE NOT is_finite) AS non_finite
      FROM numbered GROUP BY series_id, bucket
    ), complete AS (
      SELECT b.*, p.value FROM buckets b
      JOIN metric_points p ON p.run_id = ${runId}::uuid AND p.series_id = b.series_id AND p.step = b.step
    )
    SELECT name, last_step, step, value::text, min::text, max::text, count::int, non_finite::int
    FROM series LEFT JOIN complete USING (series_id) ORDER BY name, step`
  const series = new Map<string, MetricSeriesRecord>()
  for (const row of rows) {
    const entry = series.get(row.name) ?? { name: row.name, lastStep: Number(row.last_step), points: [] }
    series.set(row.name, entry)
    if (row.step === null) continue
    entry.points.push({
      step: Number(row.step),
      value: Number(row.value),
      min: row.min === null ? null : Number(row.min),
      max: row.max === null ? null : Number(row.max),
      count: row.count,
      nonFinite: row.non_finite,
    })
  }
  return [...series.values()]
}

interface BucketRow {
  readonly name: string
  readonly last_step: bigint
  /** Null for a series without a point behind `afterStep`. */
  readonly step: bigint | null
  readonly value: string
  readonly min: string | null
  readonly max: string | null
  readonly count: number
  readonly non_finite: number
}

/** Run → name → newest value. */
export async function readLatestValues(tx: Tx, runIds: readonly string[]): Promise<Map<string, [name: string, value: number][]>> {
  const values = new Map<string, [string, number][]>(runIds.map((id) => [id, []]))
  if (runIds.length === 0) return values
  const rows = await tx.$queryRaw<{ run_id: string; name: string; value: string }[]>`
    SELECT run_id, name, last_value::text AS value FROM metric_series
    WHERE run_id IN (${Prisma.join(runIds.map((id) => Prisma.sql`${id}::uuid`))}) ORDER BY run_id, name`
  for (const { run_id, name, value } of rows) values.get(run_id)?.push([name, Number(value)])
  return values
}
