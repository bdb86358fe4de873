// What a preparation found: problems, leakage between splits, and a profile of the columns or images. One JSON object beside the shards.

import { z } from 'zod'
import { issueRowsSchema } from './http.ts'
import { idSchema } from './ids.ts'
import { wireNumberSchema } from './number.ts'
import { datasetVersionStatusSchema } from './states.ts'

const countSchema = z.int().nonnegative()

export const dataProblemSchema = z.object({
  severity: z.enum(['error', 'warning']).meta({ description: '`error`: such rows cannot be used. `warning`: they can, but look at them.' }),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  ...issueRowsSchema.shape,
})
export type DataProblem = z.infer<typeof dataProblemSchema>

const duplicatesSchema = z.object({
  exact: z.boolean().meta({ description: 'False: more rows than the index holds; counts are extrapolated from a sample of all values.' }),
  within: z.record(z.string(), countSchema).meta({ description: 'Rows that equal an earlier row of the same split.' }),
  in_train: z.record(z.string(), countSchema).meta({ description: 'Rows of a split whose inputs are in the training split too.' }),
  examples: z
    .array(z.object({ split: z.string(), row: countSchema, train_row: countSchema }))
    .meta({ description: 'Pairs of rows (from 0, in the order of the upload): one of the training split, one of another.' }),
})

export const leakageSchema = z.object({
  exact_duplicates: duplicatesSchema,
  near_duplicates: z
    .object({
      compared: countSchema.meta({ description: 'How many images were compared.' }),
      in_train: z.record(z.string(), countSchema),
      examples: z.array(
        z.object({ split: z.string(), row: countSchema, train_row: countSchema, hash_distance: countSchema, mean_difference: z.number() }),
      ),
    })
    .nullable()
    .meta({ description: 'Images that look the same by a perceptual hash and nearly equal thumbnails, across splits; null for tables.' }),
  label_conflicts: z
    .object({
      inputs: countSchema.meta({ description: 'Different inputs that have more than one target.' }),
      examples: z.array(z.object({ row: countSchema, other_row: countSchema })),
    })
    .meta({ description: 'Equal inputs with different targets.' }),
  predictive_columns: z
    .array(
      z.object({
        column: z.string(),
        role: z.enum(['feature', 'ignored', 'group', 'split']),
        accuracy: z.number(),
        baseline: z.number().meta({ description: 'Of always guessing the most frequent class.' }),
      }),
    )
    .meta({
      description: 'Columns that give the target away: the accuracy of guessing it from this column alone, on rows not looked at before.',
    }),
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
  distinct_exact: z.boolean().meta({ description: 'False: an estimate, with a standard error of 1.6 %.' }),
  min: columnValueSchema.nullable().meta({ description: 'Null for categories, and where there is no value.' }),
  max: columnValueSchema.nullable(),
  mean: columnValueSchema.nullable(),
  std: wireNumberSchema.nullable().meta({ description: 'Of dates in days.' }),
  quantiles: z
    .object({ p05: columnValueSchema, p25: columnValueSchema, p50: columnValueSchema, p75: columnValueSchema, p95: columnValueSchema })
    .nullable()
    .meta({ description: 'Exact for up to 1,024 values; beyond that, ranks are off by about 1 %.' }),
  histogram: z.array(countSchema).nullable().meta({ description: 'Counts in bins of equal width from min to max.' }),
  top_values: z.array(z.object({ value: columnValueSchema, count: countSchema })),
})
export type ColumnProfile = z.infer<typeof columnProfileSchema>

export const imageProfileSchema = z.object({
  channels: countSchema,
  height: countSchema,
  width: countSchema,
  sizes: z
    .array(z.object({ height: countSchema, width: countSchema, count: countSchema }))
    .meta({ description: 'Sizes as uploaded, most frequent first; capped.' }),
  mean: z.array(z.number()).meta({ description: 'Per channel, of pixels scaled to 0 … 1, over all splits.' }),
  std: z.array(z.number()),
  histogram: z
    .array(z.array(countSchema))
    .meta({ description: 'Per channel: how often each of 16 equal ranges of the 256 values occurs.' }),
})
export type ImageProfile = z.infer<typeof imageProfileSchema>

const classBalanceSchema = z.object({ label: z.string(), count: countSchema, share: z.number() })

export const datasetProfileSchema = z.object({
  rows: countSchema,
  splits: z.record(
    z.string(),
    z.object({
      rows: countSchema,
      classes: z.array(classBalanceSchema).optional().meta({ description: 'Rows of each class; absent for values.' }),
      coarse_classes: z
        .array(classBalanceSchema)
        .optional()
        .meta({ description: 'Rows of each coarse class; absent where there are none.' }),
    }),
  ),
  columns: z.array(columnProfileSchema).nullable(),
  targets: z.array(columnProfileSchema).nullable().meta({ description: 'The columns of the target, where they are values.' }),
  images: imageProfileSchema.nullable(),
})
export type DatasetProfile = z.infer<typeof datasetProfileSchema>

export const targetChoiceSchema = z.object({
  kind: z.enum(['class', 'value', 'multi_label', 'none']),
  chosen_by: z.enum(['option', 'content']).meta({ description: '`content`: found by looking at the columns.' }),
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
  problem_count: countSchema.meta({ description: 'Occurrences of problems, also of those kinds that are not listed.' }),
  capped: z.boolean().meta({ description: 'True when there were more kinds of problems than are listed.' }),
  leakage: leakageSchema,
  profile: datasetProfileSchema,
})
export type DatasetAnalysis = z.infer<typeof datasetAnalysisSchema>

export const datasetReportSchema = z.object({
  object: z.literal('dataset_report'),
  dataset_version_id: idSchema('dataset_version'),
  status: datasetVersionStatusSchema,
  ...datasetAnalysisSchema.pick({ problems: true, problem_count: true, capped: true }).shape,
  mode: datasetAnalysisSchema.shape.mode
    .nullable()
    .meta({ description: 'Null where the rows were never counted: the preparation failed.' }),
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
  row: countSchema.meta({ description: 'From 0, in its split.' }),
  values: z
    .array(z.object({ name: z.string(), value: cellSchema }))
    .nullable()
    .meta({ description: 'In the order of the columns; null for images.' }),
  target: z
    .union([z.string(), z.array(z.union([z.string(), wireNumberSchema]))])
    .nullable()
    .meta({ description: 'The class, the values or the labels.' }),
})
export type PreviewRow = z.infer<typeof previewRowSchema>

export const previewSchema = z.object({
  object: z.literal('dataset_preview'),
  dataset_version_id: idSchema('dataset_version'),
  split: z.string(),
  total_rows: countSchema,
  rows: z.array(previewRowSchema),
})
