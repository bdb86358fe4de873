// What a user may say about how an upload is prepared.

import { z } from 'zod'
import { readOptionsSchema } from './read-options.ts'

export const splitNameSchema = z.enum(['train', 'validation', 'test'])
export type SplitName = z.infer<typeof splitNameSchema>

const columnReferenceSchema = z
  .union([z.string().min(1).max(1000), z.int().nonnegative()])
  .meta({ description: "A column's name, or its index from 0." })
export type ColumnReference = z.infer<typeof columnReferenceSchema>

const shareSchema = z.number().min(0).max(0.9)
const shares = {
  test: shareSchema.default(0.2).meta({ description: 'Share of the rows for the test split; 0 makes none.' }),
  validation: shareSchema.default(0).meta({ description: 'Share of the rows for the validation split; 0 makes none.' }),
}
const valuesSchema = z.array(z.string().max(1000)).min(1).max(10_000)

export const splitOptionsSchema = z
  .discriminatedUnion('by', [
    z.strictObject({
      by: z.literal('fraction'),
      ...shares,
      stratify: z.boolean().default(true).meta({ description: 'Each class gives the same share.' }),
    }),
    z
      .strictObject({ by: z.literal('group'), column: columnReferenceSchema, ...shares })
      .meta({ description: 'Rows with the same value in this column (a patient, a user) are never on two sides.' }),
    z
      .strictObject({ by: z.literal('time'), column: columnReferenceSchema, ...shares })
      .meta({ description: 'The newest rows are for the test, the ones before them for validation. Numbers or ISO 8601 dates.' }),
    z
      .strictObject({
        by: z.literal('column'),
        column: columnReferenceSchema,
        values: z
          .strictObject({ train: valuesSchema.optional(), validation: valuesSchema.optional(), test: valuesSchema.optional() })
          .optional()
          .meta({ description: 'Which values mean which split. Default: train, validation, val, test and the like.' }),
      })
      .meta({ description: 'The column says which split a row belongs to.' }),
    z
      .strictObject({
        by: z.literal('hash'),
        columns: z.array(columnReferenceSchema).min(1).max(100).optional().meta({ description: 'The key of a row. Default: all of it.' }),
        ...shares,
      })
      .meta({ description: 'A hash of the row decides: it stays on its side when rows are appended. Shares are met on average.' }),
  ])
  .check(({ value, issues }) => {
    if (value.by === 'column' || value.test + value.validation <= 0.95) return
    const message = `Test and validation together take ${value.test + value.validation} of the rows. Expected at most 0.95.`
    issues.push({ code: 'custom', input: value, message, params: { code: 'no_training_rows', hint: 'Leave rows for training.' } })
  })
export type SplitOptions = z.infer<typeof splitOptionsSchema>

export const prepareOptionsSchema = z
  .strictObject({
    ...readOptionsSchema.shape,
    target: z
      .union([columnReferenceSchema, z.array(columnReferenceSchema).min(1).max(10_000)])
      .optional()
      .meta({ description: 'Tables: the target column, or several for several values or labels. Default: the last column.' }),
    target_kind: z.enum(['class', 'value', 'multi_label', 'none']).optional().meta({
      description:
        '`class` (any text), `value` (numbers), `multi_label` (several columns of 0 and 1, or one column of labels with separators) or `none` (for reconstruction). Default: value for several columns, and for one of numbers with fractions or, in tables, with more than 20 different whole numbers; class for anything else. The report of the version says which it was.',
    }),
    label_separator: z.string().min(1).max(5).default('|').meta({ description: 'Between the labels of one cell, for `multi_label`.' }),
    coarse_target: columnReferenceSchema.optional().meta({
      description:
        'A column with the coarse class of each class: the two levels of a hierarchy. Default: what a list of images calls coarse_label.',
    }),
    ignore: z
      .array(columnReferenceSchema)
      .max(10_000)
      .default([])
      .meta({ description: 'Tables: columns that are no features (ids, names). They stay available to splits.' }),
    id: columnReferenceSchema
      .optional()
      .meta({ description: 'Tables: the column whose value names a row. It is no feature; versions are compared by it.' }),
    categories: z
      .array(columnReferenceSchema)
      .max(10_000)
      .default([])
      .meta({ description: 'Tables: whether columns without text are categories (postcodes, codes). Columns with text are.' }),
    test_fraction: shareSchema.optional().meta({
      description:
        'Where no test files are given: share of rows that become the test split; 0 makes none. Short for `split` by fraction. Default: 0.2.',
    }),
    split: splitOptionsSchema.optional().meta({ description: 'How rows are divided. Default: 0.2 for the test, stratified.' }),
    mode: z
      .enum(['strict', 'tolerant'])
      .default('strict')
      .meta({ description: '`strict`: any bad row fails the preparation. `tolerant`: bad rows are left out, and can be downloaded.' }),
    seed: z.int().min(0).max(4294967295).default(0).meta({ description: 'Seed of the split.' }),
  })
  .check(({ value, issues }) => {
    if (value.split === undefined || value.test_fraction === undefined) return
    const hint = 'Leave out test_fraction, and set split.test.'
    const message = 'Both test_fraction and split are given. Expected one of them.'
    issues.push({ code: 'custom', input: value, path: ['test_fraction'], message, params: { code: 'ambiguous_split', hint } })
  })
export type PrepareOptions = z.infer<typeof prepareOptionsSchema>
/** Fields with defaults may be missing. */
export type PrepareOptionsInput = z.input<typeof prepareOptionsSchema>

/** The split that the options ask for. */
export function splitOptionsOf({ split, test_fraction }: PrepareOptions): SplitOptions {
  return split ?? { by: 'fraction', test: test_fraction ?? 0.2, validation: 0, stratify: true }
}
