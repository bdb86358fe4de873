// What a dataset version consists of: a manifest and safetensors shards. Training reads nothing else.

import type { DatasetTargets, HeadTarget } from '@trainyard/engine/spec'
import { z } from 'zod'
import { splitOptionsSchema } from './prepare-options.ts'

export const shardSchema = z.object({
  key: z.string().meta({ description: 'Object key in storage.' }),
  rows: z.int().positive(),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Shard = z.infer<typeof shardSchema>

export const splitSchema = z.object({
  rows: z.int().positive(),
  class_counts: z.array(z.int().nonnegative()).optional().meta({
    description: 'Rows per class, in the order of `target.classes` (of multi-label targets: with that label); absent for other targets.',
  }),
  shards: z.array(shardSchema).min(1),
})

export const datasetInputSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('image'),
    shape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]).meta({ description: '[channels, height, width]' }),
    dtype: z.literal('uint8'),
  }),
  z.object({
    kind: z.literal('features'),
    shape: z.tuple([z.int().positive()]).meta({ description: '[columns]' }),
    dtype: z.literal('float32'),
    columns: z.array(z.string()),
    categories: z.array(z.array(z.string()).nullable()).optional().meta({
      description:
        "Per column its categories, or null for numbers: the shards hold a category's index. Absent when all columns are numbers. NaN is a missing value in either.",
    }),
  }),
])
export type DatasetInput = z.infer<typeof datasetInputSchema>

/** The level above the classes: `of` holds for each class the index of its coarse class. */
export const coarseClassesSchema = z.object({ classes: z.array(z.string()).min(1), of: z.array(z.int().nonnegative()) })

export const datasetTargetSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('class'), classes: z.array(z.string()).min(1), coarse: coarseClassesSchema.optional() }),
  /** Any number of the classes at once: 0 or 1 for each. */
  z.object({ kind: z.literal('multi_label'), classes: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal('value'), size: z.int().positive(), columns: z.array(z.string()) }),
  /** Nothing but the inputs: for reconstruction. */
  z.object({ kind: z.literal('none') }),
])
export type DatasetTarget = z.infer<typeof datasetTargetSchema>

/**
 * What the engine is trained on: labels are values of 0 and 1, and without a target the inputs are to be reconstructed.
 * @param inputShape of a sample as the model gets it
 */
export function trainingTarget(target: DatasetTarget, inputShape: readonly number[]) {
  if (target.kind === 'class') return { kind: 'class' as const, classes: target.classes, coarseOf: target.coarse?.of }
  if (target.kind === 'value') return { kind: 'value' as const, size: target.size }
  if (target.kind === 'multi_label') return { kind: 'value' as const, size: target.classes.length }
  return { kind: 'value' as const, size: inputShape.reduce((product, length) => product * length, 1), isInput: true }
}

/**
 * What heads of a model can be compared with.
 * @param inputShape of a sample as the model gets it
 */
export function describeTargets(target: DatasetTarget, inputShape: readonly number[]): DatasetTargets {
  return {
    input: { shape: inputShape },
    target: trainingTarget(target, inputShape),
    coarse: target.kind === 'class' ? target.coarse?.classes : undefined,
    targetColumns: target.kind === 'value' ? target.columns : undefined,
  }
}

/** A target by itself: what one head is compared with. @throws Error where the dataset does not have it */
export function headTarget(target: DatasetTarget, head: HeadTarget): DatasetTarget {
  if (head === 'label') return target
  if (head === 'input') return { kind: 'none' }
  if (head === 'coarse' && target.kind === 'class' && target.coarse !== undefined) return { kind: 'class', classes: target.coarse.classes }
  if (head !== 'coarse' && target.kind === 'value') return { kind: 'value', size: head.columns.length, columns: head.columns }
  throw new Error(`a target of kind ${target.kind} has no ${head === 'coarse' ? 'coarse classes' : 'columns'}`)
}

/** x' = (x · scale − mean) / std, per channel for images and per column for features; fitted on the training split only. */
export const normalizationSchema = z.object({
  scale: z.number(),
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
})
export type Normalization = z.infer<typeof normalizationSchema>

/** Of the training split, per column: what transforms are fitted from. Missing values do not count. */
export const columnStatisticsSchema = z.object({
  missing: z.array(z.int().nonnegative()),
  min: z.array(z.number().nullable()).meta({ description: 'Null where all values are missing.' }),
  max: z.array(z.number().nullable()),
  median: z.array(z.number().nullable()).meta({ description: 'Exact for up to 1,024 rows; beyond that its rank is off by about 1 %.' }),
  mode: z
    .array(z.number().nullable())
    .meta({ description: 'Most frequent value, the smallest of equals; for numbers among the first 1,000 different ones.' }),
  category_counts: z.array(z.array(z.int().nonnegative()).nullable()).meta({ description: 'Rows of each category; null for numbers.' }),
})
export type ColumnStatistics = z.infer<typeof columnStatisticsSchema>

const storedFileSchema = shardSchema.omit({ rows: true })

/**
 * What a row of a version is the same by in another version: the column `id`, the pixels of an image, or all that the row holds. By content, a row
 * that changes is one removed and one added.
 */
export const rowIdentitySchema = z.enum(['id', 'pixels', 'content'])
export type RowIdentity = z.infer<typeof rowIdentitySchema>

/**
 * What later versions are appended to and compared with: a digest of each row, in order, and how the values of each column are distributed.
 * docs/data-formats.md has the layout.
 */
export const rowIndexSchema = z.object({
  identity: rowIdentitySchema,
  types: z.array(z.enum(['number', 'category', 'date'])).meta({ description: 'Of the feature columns of a table, in order.' }),
  summary: storedFileSchema.meta({
    description:
      '`marks` U8 [parsed rows]: the split of each, 255 for one that was left out. `values`, `weights`, `offsets`: distributions.',
  }),
  rows: z
    .array(shardSchema)
    .meta({ description: 'Sorted digests: `rows` U32 [n, words], one entry after the other over all of these files.' }),
})
export type RowIndex = z.infer<typeof rowIndexSchema>

/**
 * Shards are safetensors files with `x` (U8 [n, C, H, W] or F32 [n, D]) and `y` (I32 [n] for classes, F32 [n, size] for values, U8 [n, K] for
 * labels; none without a target).
 */
export const datasetManifestSchema = z.object({
  format: z.literal(1),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'sha256 over the canonical content: equal content gives the equal digest, whatever was uploaded.' }),
  input: datasetInputSchema,
  target: datasetTargetSchema,
  splits: z.record(z.string(), splitSchema).meta({ description: 'Always has `train`.' }),
  normalization: normalizationSchema,
  statistics: columnStatisticsSchema.optional().meta({ description: 'Tables only.' }),
  division: z
    .object({ options: splitOptionsSchema, seed: z.int().nonnegative() })
    .optional()
    .meta({ description: 'How the rows were divided, with the seed that decided.' }),
  analysis: storedFileSchema.optional().meta({ description: 'Problems, leakage, profile: dataset-report.ts.' }),
  quarantine: storedFileSchema.extend({ rows: z.int().positive() }).optional().meta({ description: 'Rows that were left out, as CSV.' }),
  index: rowIndexSchema.optional(),
})
export type DatasetManifest = z.infer<typeof datasetManifestSchema>

/** Every object that a version consists of. */
export function storedFiles({ splits, analysis, quarantine, index }: DatasetManifest): readonly z.infer<typeof storedFileSchema>[] {
  const shards = Object.values(splits).flatMap((split) => split.shards)
  const single = [analysis, quarantine, index?.summary].filter((file) => file !== undefined)
  return [...shards, ...single, ...(index?.rows ?? [])]
}

/** How files of an upload are read; the names of multipart parts are the roles. */
export const uploadRoleSchema = z.enum(['train_images', 'train_labels', 'test_images', 'test_labels', 'file'])
export type UploadRole = z.infer<typeof uploadRoleSchema>
