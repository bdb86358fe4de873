// What a dataset version consists of: a manifest and safetensors shards. Training reads nothing else.

import { z } from 'zod'
import { readOptionsSchema } from './read-options.ts'

export const shardSchema = z.object({
  /** Object key in storage. */
  key: z.string(),
  rows: z.int().positive(),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Shard = z.infer<typeof shardSchema>

export const splitSchema = z.object({
  rows: z.int().positive(),
  /** Rows per class, in the order of `target.classes`; absent for value targets. */
  class_counts: z.array(z.int().nonnegative()).optional(),
  shards: z.array(shardSchema).min(1),
})

export const datasetInputSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('image'),
    /** [channels, height, width] */
    shape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
    dtype: z.literal('uint8'),
  }),
  z.object({
    kind: z.literal('features'),
    /** [columns] */
    shape: z.tuple([z.int().positive()]),
    dtype: z.literal('float32'),
    columns: z.array(z.string()),
  }),
])
export type DatasetInput = z.infer<typeof datasetInputSchema>

export const datasetTargetSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('class'), classes: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal('value'), size: z.int().positive(), columns: z.array(z.string()) }),
])
export type DatasetTarget = z.infer<typeof datasetTargetSchema>

/** x' = (x · scale − mean) / std, per channel for images and per column for features; fitted on the training split only. */
export const normalizationSchema = z.object({
  scale: z.number(),
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
})
export type Normalization = z.infer<typeof normalizationSchema>

/** Shards are safetensors files with `x` (U8 [n, C, H, W] or F32 [n, D]) and `y` (I32 [n] or F32 [n, size]). */
export const datasetManifestSchema = z.object({
  format: z.literal(1),
  /** sha256 over the canonical content: equal content gives the equal digest, whatever was uploaded. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  input: datasetInputSchema,
  target: datasetTargetSchema,
  /** Always has `train`. */
  splits: z.record(z.string(), splitSchema),
  normalization: normalizationSchema,
})
export type DatasetManifest = z.infer<typeof datasetManifestSchema>

/** How files of an upload are read; the names of multipart parts are the roles. */
export const uploadRoleSchema = z.enum(['train_images', 'train_labels', 'test_images', 'test_labels', 'file'])
export type UploadRole = z.infer<typeof uploadRoleSchema>

export const prepareOptionsSchema = z.strictObject({
  ...readOptionsSchema.shape,
  /** CSV: the target column's name, or its index from 0 when there is no header. Default: the last column. */
  target: z.union([z.string(), z.int().nonnegative()]).optional(),
  /** CSV: `class` (any text) or `value` (numbers). Default: class unless the column has fractions. */
  target_kind: z.enum(['class', 'value']).optional(),
  /** Where no test files are given: share of rows that become the test split. 0 makes none. */
  test_fraction: z.number().min(0).max(0.9).default(0.2),
  /** Seed of that split. */
  seed: z.int().min(0).max(4294967295).default(0),
})
export type PrepareOptions = z.infer<typeof prepareOptionsSchema>
/** Fields with defaults may be missing. */
export type PrepareOptionsInput = z.input<typeof prepareOptionsSchema>
