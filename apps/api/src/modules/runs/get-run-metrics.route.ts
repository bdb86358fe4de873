import { metricsSchema, toWireId, toWireNumber } from '@trainyard/contracts'
import { type MetricBucket, metrics, runs } from '@trainyard/database'
import { z } from 'zod'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'

const POINTS_MAX = 10_000

const metricsQuerySchema = z.strictObject({
  names: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .meta({ description: 'Series to return, with commas between or repeated. Default: all.' }),
  after_step: z.coerce.number().int().min(0).optional().meta({ description: 'Only points behind this step: the `last_step` seen before.' }),
  max_points: z.coerce
    .number()
    .int()
    .min(1)
    .default(1000)
    .transform((n) => Math.min(n, POINTS_MAX))
    .meta({
      description: `Points per series; more are joined into buckets that keep minimum, maximum, last and non-finite count. At most ${POINTS_MAX}.`,
    }),
})

export const getRunMetrics = defineRoute({
  method: 'GET',
  path: '/v1/runs/{run_id}/metrics',
  operationId: 'getRunMetrics',
  tag: 'runs',
  summary: 'Get the metrics of a run',
  description: 'Series of (step, value), bucketed to `max_points` so that no spike disappears; `after_step` reads only what is new.',
  scope: 'read',
  params: idParams('run'),
  query: metricsQuerySchema,
  responses: { 200: { description: 'The series.', schema: metricsSchema } },
  handler: ({ params, query, transaction }) =>
    transaction(async (tx) => {
      const run = found(await runs.find(tx, uuidOf('run', params.run_id)), params.run_id)
      const names = query.names === undefined ? undefined : [query.names].flat().flatMap((text) => text.split(','))
      const series = await metrics.read(tx, { runId: run.id, names, afterStep: query.after_step, maxPoints: query.max_points })
      return {
        object: 'metrics',
        run_id: toWireId('run', run.id),
        series: series.map(({ name, lastStep, points }) => ({ name, last_step: lastStep, points: points.map(serializeBucket) })),
      }
    }),
})

function serializeBucket({ step, value, min, max, count, nonFinite }: MetricBucket) {
  const number = (n: number | null) => (n === null ? null : toWireNumber(n))
  return { step, value: toWireNumber(value), min: number(min), max: number(max), count, non_finite: nonFinite }
}
