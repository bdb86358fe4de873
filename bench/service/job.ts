// What the bare loop is given, and what it answers.

import { datasetManifestSchema, runConfigSchema } from '@trainyard/contracts'
import { z } from 'zod'

export const bareJobSchema = z.object({
  config: runConfigSchema,
  dataset: z.object({ manifest: datasetManifestSchema, shard_paths: z.record(z.string(), z.string()) }),
  threads: z.int().positive(),
})
export type BareJob = z.infer<typeof bareJobSchema>

export const bareResultSchema = z.object({
  /** From before the first step to after the last one and its evaluation, by the clock. */
  seconds: z.number(),
  steps: z.int(),
  loss: z.number(),
  weights: z.string(),
})
export type BareResult = z.infer<typeof bareResultSchema>
