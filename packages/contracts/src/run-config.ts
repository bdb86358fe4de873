// What a run executes, resolved from the submission: complete, so that a later change of a model or dataset changes nothing. Stored with the run.

import { metricNameSchema, modelSpecSchema, trainingConfigSchema } from '@trainyard/engine/spec'
import { z } from 'zod'
import { uploadRoleSchema } from './dataset-manifest.ts'
import { encodedPictureSchema, predictInputSchema, transferSchema } from './job.ts'
import { prepareOptionsSchema } from './prepare-options.ts'

/** A file in storage, or one that is fetched into it first. `sha256` is what the client announced of a file that came in parts. */
const prepareSourceSchema = z.object({
  role: uploadRoleSchema,
  key: z.string(),
  file_name: z.string(),
  bytes: z.int().nonnegative(),
  sha256: z.string().optional(),
  url: z.string().optional(),
  /** Which files belong together: 0, or of appended ones 1, 2 … */
  part: z.int().nonnegative().optional(),
})

export const runConfigSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('train'),
    spec: modelSpecSchema,
    training: trainingConfigSchema,
    /** UUIDs, not wire ids: this is not on the wire. */
    dataset_version_id: z.uuid(),
    transfer: transferSchema.omit({ checkpoint_id: true }).extend({ checkpoint_id: z.uuid() }).nullable(),
  }),
  z.object({
    kind: z.literal('evaluate'),
    checkpoint_id: z.uuid(),
    dataset_version_id: z.uuid(),
    split: z.string(),
    batch_size: z.int().positive(),
    metrics: z.array(metricNameSchema).optional(),
  }),
  z.object({
    kind: z.literal('predict'),
    checkpoint_id: z.uuid(),
    inputs: z.array(predictInputSchema),
    /** In place of `inputs`. */
    pictures: z.array(encodedPictureSchema).optional(),
    top_k: z.int().positive(),
  }),
  z.object({
    kind: z.literal('prepare'),
    dataset_version_id: z.uuid(),
    sources: z.array(prepareSourceSchema).min(1),
    options: prepareOptionsSchema,
    /** The version that the last part is appended to. */
    base: z.object({ dataset_version_id: z.uuid(), new_classes: z.boolean() }).optional(),
  }),
  z.object({
    kind: z.literal('verify'),
    /** The run whose steps are done again, and what it executed. */
    run_id: z.uuid(),
    spec: modelSpecSchema,
    training: trainingConfigSchema,
    dataset_version_id: z.uuid(),
    /** Where the replay begins; null for the beginning of the run. */
    checkpoint_id: z.uuid().nullable(),
    /** What it has to arrive at. */
    target_checkpoint_id: z.uuid(),
  }),
])
export type RunConfig = z.infer<typeof runConfigSchema>
/** Fields with defaults may be missing. */
export type RunConfigInput = z.input<typeof runConfigSchema>
export type RunConfigOf<K extends RunConfig['kind']> = Extract<RunConfig, { kind: K }>
