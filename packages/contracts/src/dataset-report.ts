// What a preparation found: problems, leakage between splits, and a profile of the columns or images. One JSON object beside the shards.

import { z } from 'zod'
import { issueRowsSchema } from './http.ts'
import { idSchema } from './ids.ts'
import { wireNumberSchema } from './number.ts'
import { datasetVersionStatusSchema } from './states.ts'

const countSchema = z.int().nonnegative()

export const dataProblemSchema = z.object({
  /** `error`: such rows cannot be used. `warning`: they can, but look at them. */
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  ...issueRowsSchema.shape,
})
export type DataProblem = z.infer<typeof dataProblemSchema>

const duplicatesSchema = z.object({
  /** False: more rows than the index holds; counts are extrapolated from a sample of all values. */
  exact: z.boolean(),
  /** Rows that equal an earlier row of the same split. */
  within: z.record(z.string(), countSchema),
  /** Rows of a split whose inputs are in the training split too. */
  in_train: z.record(z.string(), countSchema),
  /** Pairs of rows (from 0, in the order of the upload): one of the training split, one of another. */
  examples: z.array(z.object({ split: z.string(), row: countSchema, train_row: countSchema })),
})

export const leakageSchema = z.object({
  exact_duplicates: duplicatesSchema,
  /** Images that look the same by a perceptual hash and nearly equal thumbnails, across splits; null for tables. */
  near_duplicates: z
    .object({
      /** How many images were compared. */
      compared: countSchema,
      in_train: z.record(z.string(), countSchema),
      examples: z.array(
        z.object({ split: z.string(), row: countSchema, train_row: countSchema, hash_distance: countSchema, mean_difference: z.number() }),
      ),
    })
    .nullable(),
  /** Equal inputs with different targets. */
  label_conflicts: z.object({
    /** Different inputs that have more than one target. */
    inputs: countSchema,
    examples: z.array(z.object({ row: countSchema, other_row: countSchema })),
  }),
  /** Columns that give the target away: the accuracy of guessing it from this column alone, on rows not looked at before. */
  predictive_columns: z.array(
    z.object({
      column: z.string(),
      role: z.enum(['feature', 'ignored', 'group', 'split']),
      accuracy: z.number(),
      /** Of always guessing the most frequent class. */
      baseline: z.number(),
    }),
  ),
})
export type Leakage = z.infer<typeof leakageSchema>

/** A value of a column as its user wrote it. */
const columnValueSchema = z
  .union([wireNumberSchema, z.string()])
  .meta({ description: 'A number; of dates ISO 8601, with the time to the minute.' })

export const columnProfileSchema = z.object({
  name: z.string(),
  type: z.enum(['number', 'category', 'date']),
  count: countSchema,
  missing: countSchema,
  distinct: countSchema,
  /** False: an estimate, with a standard error of 1.6 %. */
  distinct_exact: z.boolean(),
  /** Null for categories, and where there is no value. */
  min: columnValueSchema.nullable(),
  max: columnValueSchema.nullable(),
  mean: columnValueSchema.nullable(),
  /** Of dates in days. */
  std: wireNumberSchema.nullable(),
  /** Exact for up to 1,024 values; beyond that, ranks are off by about 1 %. */
  quantiles: z
    .object({ p05: columnValueSchema, p25: columnValueSchema, p50: columnValueSchema, p75: columnValueSchema, p95: columnValueSchema })
    .nullable(),
  /** Counts in bins of equal width from min to max. */
  histogram: z.array(countSchema).nullable(),
  top_values: z.array(z.object({ value: columnValueSchema, count: countSchema })),
})
export type ColumnProfile = z.infer<typeof columnProfileSchema>

export const imageProfileSchema = z.object({
  channels: countSchema,
  height: countSchema,
  width: countSchema,
  /** Sizes as uploaded, most frequent first; capped. */
  sizes: z.array(z.object({ height: countSchema, width: countSchema, count: countSchema })),
  /** Per channel, of pixels scaled to 0 … 1, over all splits. */
  mean: z.array(z.number()),
  std: z.array(z.number()),
  /** Per channel: how often each of 16 equal ranges of the 256 values occurs. */
  histogram: z.array(z.array(countSchema)),
})
export type ImageProfile = z.infer<typeof imageProfileSchema>

const classBalanceSchema = z.object({ label: z.string(), count: countSchema, share: z.number() })

export const datasetProfileSchema = z.object({
  rows: countSchema,
  splits: z.record(
    z.string(),
    z.object({
      rows: countSchema,
      /** Rows of each class; absent for values. */
      classes: z.array(classBalanceSchema).optional(),
      /** Rows of each coarse class; absent where there are none. */
      coarse_classes: z.array(classBalanceSchema).optional(),
    }),
  ),
  columns: z.array(columnProfileSchema).nullable(),
  /** The columns of the target, where they are values. */
  targets: z.array(columnProfileSchema).nullable(),
  images: imageProfileSchema.nullable(),
})
export type DatasetProfile = z.infer<typeof datasetProfileSchema>

export const targetChoiceSchema = z.object({
  kind: z.enum(['class', 'value', 'multi_label', 'none']),
  /** `content`: found by looking at the columns. */
  chosen_by: z.enum(['option', 'content']),
  message: z.string().meta({ description: 'Why the target is of that kind.' }),
  hint: z.string().meta({ description: 'How to have it otherwise.' }),
})
export type TargetChoice = z.infer<typeof targetChoiceSchema>

export const datasetAnalysisSchema = z.object({
  format: z.literal(1),
  mode: z.enum(['strict', 'tolerant']),
  rows: z.object({ read: countSchema, used: countSchema, quarantined: countSchema }),
  target: targetChoiceSchema.optional().meta({ description: 'Absent in versions of before 2026-11-26.' }),
  problems: z.array(dataProblemSchema),
  /** Occurrences of problems, also of those kinds that are not listed. */
  problem_count: countSchema,
  /** True when there were more kinds of problems than are listed. */
  capped: z.boolean(),
  leakage: leakageSchema,
  profile: datasetProfileSchema,
})
export type DatasetAnalysis = z.infer<typeof datasetAnalysisSchema>

export const datasetReportSchema = z.object({
  object: z.literal('dataset_report'),
  dataset_version_id: idSchema('dataset_version'),
  status: datasetVersionStatusSchema,
  ...datasetAnalysisSchema.pick({ problems: true, problem_count: true, capped: true }).shape,
  /** Null where the rows were never counted: the preparation failed. */
  mode: datasetAnalysisSchema.shape.mode.nullable(),
  rows: datasetAnalysisSchema.shape.rows.nullable(),
  target: datasetAnalysisSchema.shape.target,
  leakage: leakageSchema.nullable(),
})
export type DatasetReport = z.infer<typeof datasetReportSchema>

export const datasetProfileResourceSchema = z.object({
  object: z.literal('dataset_profile'),
  dataset_version_id: idSchema('dataset_version'),
  ...datasetProfileSchema.shape,
})

const cellSchema = z.union([z.string(), wireNumberSchema]).nullable()

export const previewRowSchema = z.object({
  /** From 0, in its split. */
  row: countSchema,
  /** In the order of the columns; null for images. */
  values: z.array(z.object({ name: z.string(), value: cellSchema })).nullable(),
  /** The class, the values or the labels. */
  target: z.union([z.string(), z.array(z.union([z.string(), wireNumberSchema]))]).nullable(),
})
export type PreviewRow = z.infer<typeof previewRowSchema>

export const previewSchema = z.object({
  object: z.literal('dataset_preview'),
  dataset_version_id: idSchema('dataset_version'),
  split: z.string(),
  total_rows: countSchema,
  rows: z.array(previewRowSchema),
})
