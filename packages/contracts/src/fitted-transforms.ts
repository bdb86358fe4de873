// Fitted transforms: plain data that a checkpoint keeps, and all that is needed to turn a raw sample into what the model takes.

import { z } from 'zod'

const numbers = z.array(z.number())

/**
 * One entry per number that the model takes:
 *   equals null: (missing ? fill : x) · factor + offset
 *   equals k ≥ 0: ((missing ? fill : x) = k ? 1 : 0) · factor + offset, a category one-hot
 *   equals −1: (missing ? 1 : 0) · factor + offset
 * where x is the raw value of column `source`. fill null: a missing value stays one.
 */
export const fittedColumnsSchema = z.object({
  kind: z.literal('columns'),
  /** Raw columns. */
  inputs: z.int().positive(),
  names: z.array(z.string()),
  source: numbers,
  equals: z.array(z.number().nullable()),
  fill: z.array(z.number().nullable()),
  factor: numbers,
  offset: numbers,
})
export type FittedColumns = z.infer<typeof fittedColumnsSchema>

/** Resized, then grey, then pixel · factor + offset per channel. */
export const fittedImageSchema = z.object({
  kind: z.literal('image'),
  /** [channels, height, width] as stored. */
  input: z.tuple([z.number(), z.number(), z.number()]),
  resize: z.object({ height: z.number(), width: z.number() }).nullable(),
  grayscale: z.boolean(),
  factor: numbers,
  offset: numbers,
})
export type FittedImage = z.infer<typeof fittedImageSchema>

export const fittedTransformsSchema = z.discriminatedUnion('kind', [fittedColumnsSchema, fittedImageSchema])
export type FittedTransforms = z.infer<typeof fittedTransformsSchema>
