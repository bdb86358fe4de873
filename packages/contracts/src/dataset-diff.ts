// How a version differs from another one: rows, columns, classes, and how the values of columns are distributed.

import { z } from 'zod'
import { rowIdentitySchema } from './dataset-manifest.ts'
import { columnProfileSchema, previewRowSchema } from './dataset-report.ts'
import { idSchema } from './ids.ts'

const countSchema = z.int().nonnegative()
const columnTypeSchema = columnProfileSchema.shape.type

export const driftLevelSchema = z.enum(['none', 'moderate', 'strong'])
export type DriftLevel = z.infer<typeof driftLevelSchema>

const changeCounts = {
  added: countSchema,
  removed: countSchema,
  /** Equal by id or pixels, but with another content. */
  changed: countSchema,
}

export const rowsDiffSchema = z.object({
  exact: z.boolean().meta({ description: 'False: so many rows that a sample of them was compared; counts are extrapolated.' }),
  identity: rowIdentitySchema,
  base: countSchema,
  version: countSchema,
  unchanged: countSchema,
  ...changeCounts,
  moved: countSchema.meta({ description: 'Equal, but in another split.' }),
  splits: z
    .record(
      z.string(),
      z.object({ base: countSchema, version: countSchema, ...changeCounts, moved_in: countSchema, moved_out: countSchema }),
    )
    .meta({ description: 'Of the splits that either has. Changed rows count in the split that they are in now.' }),
})
export type RowsDiff = z.infer<typeof rowsDiffSchema>

/** Population stability index with what chance alone makes of it in 95 % of the cases. */
const stabilitySchema = { psi: z.number(), psi_by_chance: z.number(), drift: driftLevelSchema }

export const columnDriftSchema = z.object({
  name: z.string(),
  role: z.enum(['feature', 'target']),
  type: columnTypeSchema,
  ...stabilitySchema,
  ks: z
    .number()
    .nullable()
    .meta({ description: 'Kolmogorov–Smirnov statistic of numbers and dates, and what it stays below by chance; null for categories.' }),
  ks_by_chance: z.number().nullable(),
  js_distance: z.number().nullable().meta({ description: 'Jensen–Shannon distance of categories, 0 … 1; null for numbers.' }),
  missing: z.object({ base: z.number(), version: z.number() }).meta({ description: 'Shares of the rows.' }),
  new_categories: z.array(z.string()).meta({ description: 'At most 100.' }),
  gone_categories: z.array(z.string()).meta({ description: 'At most 100.' }),
})
export type ColumnDrift = z.infer<typeof columnDriftSchema>

const namedColumnSchema = z.object({ name: z.string(), type: columnTypeSchema.nullable() })

export const classBalanceDriftSchema = z.object({
  ...stabilitySchema,
  js_distance: z.number(),
  classes: z.array(z.object({ label: z.string(), base: z.number(), version: z.number() })).meta({ description: 'Shares.' }),
})

export const datasetDiffSchema = z.object({
  object: z.literal('dataset_diff'),
  dataset_version_id: idSchema('dataset_version'),
  base_version_id: idSchema('dataset_version'),
  equal: z.boolean().meta({ description: 'Whether both have one digest.' }),
  rows: rowsDiffSchema
    .nullable()
    .meta({ description: 'Null where rows cannot be matched: one is known by its id, the other by its content.' }),
  columns: z.object({
    added: z.array(namedColumnSchema),
    removed: z.array(namedColumnSchema),
    type_changed: z.array(z.object({ name: z.string(), base: columnTypeSchema, version: columnTypeSchema })),
  }),
  classes: z.object({ added: z.array(z.string()), removed: z.array(z.string()) }),
  class_balance: classBalanceDriftSchema.nullable(),
  drift: z
    .array(columnDriftSchema)
    .meta({ description: 'Of columns that both have with one type, the strongest first. The first 1,000 columns are compared.' }),
  channels: z
    .array(
      z.object({
        channel: countSchema,
        mean: z.object({ base: z.number(), version: z.number() }),
        js_distance: z.number(),
        ...stabilitySchema,
      }),
    )
    .nullable()
    .meta({ description: 'Pixel values of images; null for tables.' }),
  thresholds: z
    .object({
      psi: z.object({ moderate: z.number(), strong: z.number() }),
      ks: z.object({ moderate: z.number(), strong: z.number() }),
      missing: z.object({ moderate: z.number(), strong: z.number() }),
    })
    .meta({ description: 'From which value on drift is moderate or strong; psi and ks must be beyond chance as well.' }),
})
export type DatasetDiff = z.infer<typeof datasetDiffSchema>

export const rowChangeSchema = z.enum(['added', 'removed', 'changed', 'moved'])
export type RowChange = z.infer<typeof rowChangeSchema>

const sideSchema = z.object({ split: z.string(), ...previewRowSchema.shape }).nullable()

export const datasetDiffRowsSchema = z.object({
  object: z.literal('dataset_diff_rows'),
  dataset_version_id: idSchema('dataset_version'),
  base_version_id: idSchema('dataset_version'),
  change: rowChangeSchema,
  rows: z
    .array(z.object({ base: sideSchema, version: sideSchema }))
    .meta({ description: 'Each as it was (null where it is added) and as it is (null where it is removed).' }),
  has_more: z.boolean(),
})
