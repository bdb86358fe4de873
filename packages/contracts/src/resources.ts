// The other resources on the wire.

import { modelSpecSchema } from '@trainyard/engine/spec'
import { z } from 'zod'
import { datasetInputSchema, datasetTargetSchema, normalizationSchema } from './dataset-manifest.ts'
import { idSchema } from './ids.ts'
import { wireNumberSchema } from './number.ts'
import { attemptOutcomeSchema, checkpointKindSchema, datasetVersionStatusSchema, failureSchema } from './states.ts'

const timestampSchema = z.iso.datetime()
const nameSchema = z.string().min(1).max(200)

export const projectSchema = z.object({
  id: idSchema('project'),
  object: z.literal('project'),
  name: z.string(),
  created_at: timestampSchema,
})
export type Project = z.infer<typeof projectSchema>

export const apiKeySchema = z.object({
  id: idSchema('api_key'),
  object: z.literal('api_key'),
  name: z.string(),
  prefix: z.string().meta({ description: 'The first letters, to recognize it by.' }),
  scopes: z.array(z.string()),
  created_at: timestampSchema,
  expires_at: timestampSchema.nullable(),
  revoked_at: timestampSchema.nullable(),
})
export type ApiKey = z.infer<typeof apiKeySchema>

export const createDatasetSchema = z.strictObject({ name: nameSchema, description: z.string().max(2000).default('') })
export const datasetSchema = z.object({
  id: idSchema('dataset'),
  object: z.literal('dataset'),
  name: z.string(),
  description: z.string(),
  latest_version_id: idSchema('dataset_version').nullable().meta({ description: 'Newest ready version.' }),
  created_at: timestampSchema,
})
export type Dataset = z.infer<typeof datasetSchema>

export const datasetVersionSchema = z.object({
  id: idSchema('dataset_version'),
  object: z.literal('dataset_version'),
  dataset_id: idSchema('dataset'),
  version: z.int(),
  base_version_id: idSchema('dataset_version')
    .nullable()
    .meta({ description: 'The version that it was appended to; null for one of its own, and where that one is deleted.' }),
  status: datasetVersionStatusSchema,
  job_id: idSchema('job').nullable().meta({ description: 'The job that prepares it.' }),
  digest: z.string().nullable(),
  uploaded_bytes: z.int(),
  input: datasetInputSchema.nullable(),
  target: datasetTargetSchema.nullable(),
  splits: z.record(z.string(), z.object({ rows: z.int(), class_counts: z.array(z.int()).optional() })),
  normalization: normalizationSchema.nullable(),
  failure: failureSchema.nullable(),
  created_at: timestampSchema,
})
export type DatasetVersion = z.infer<typeof datasetVersionSchema>

export const createModelSchema = z.strictObject({ name: nameSchema, spec: modelSpecSchema })
export const modelLayerSchema = z.object({
  path: z.string(),
  id: z.string(),
  type: z.string(),
  output_shape: z.array(z.int()),
  parameters: z.int(),
  flops: z.number(),
})
export const modelSchema = z.object({
  id: idSchema('model'),
  object: z.literal('model'),
  name: z.string(),
  version: z.int(),
  spec: modelSpecSchema,
  parameters: z.int(),
  layers: z.array(modelLayerSchema),
  created_at: timestampSchema,
})
export type Model = z.infer<typeof modelSchema>

export const attemptSchema = z.object({
  id: idSchema('attempt'),
  object: z.literal('attempt'),
  run_id: idSchema('run'),
  number: z.int().meta({ description: 'From 1, in the order in which workers took the run up.' }),
  worker: z.string(),
  outcome: attemptOutcomeSchema.nullable().meta({ description: 'How it ended; null while it goes on.' }),
  reason: z.string().nullable().meta({ description: 'Why it ended, for a person.' }),
  first_step: z.int().meta({ description: 'The step of the checkpoint that it went on from; 0 from the beginning.' }),
  last_step: z.int().nullable(),
  fingerprint: z.string().nullable(),
  started_at: timestampSchema,
  ended_at: timestampSchema.nullable(),
})
export type Attempt = z.infer<typeof attemptSchema>

export const eventSchema = z.object({
  id: idSchema('event'),
  object: z.literal('event'),
  run_id: idSchema('run'),
  seq: z.int().meta({ description: 'Position in the run, from 1.' }),
  type: z.string(),
  message: z.string().meta({ description: 'For a person.' }),
  data: z.record(z.string(), z.unknown()),
  created_at: timestampSchema,
})
export type RunEvent = z.infer<typeof eventSchema>

/**
 * One point of a series, or one bucket of points: `step` and `value` are the bucket's last, `min` and `max` its extremes over the finite
 * values, `non_finite` how many were NaN or infinite, so that no spike disappears.
 */
export const metricBucketSchema = z.object({
  step: z.int(),
  value: wireNumberSchema,
  min: wireNumberSchema.nullable(),
  max: wireNumberSchema.nullable(),
  count: z.int(),
  non_finite: z.int(),
})
export const metricSeriesSchema = z.object({ name: z.string(), points: z.array(metricBucketSchema), last_step: z.int().nullable() })
export const metricsSchema = z.object({ object: z.literal('metrics'), run_id: idSchema('run'), series: z.array(metricSeriesSchema) })
export type Metrics = z.infer<typeof metricsSchema>

export const checkpointSchema = z.object({
  id: idSchema('checkpoint'),
  object: z.literal('checkpoint'),
  run_id: idSchema('run'),
  job_id: idSchema('job'),
  kind: checkpointKindSchema,
  step: z.int(),
  epoch: z.number(),
  bytes: z.int(),
  sha256: z.string(),
  metrics: z.record(z.string(), wireNumberSchema),
  created_at: timestampSchema,
})
export type Checkpoint = z.infer<typeof checkpointSchema>
