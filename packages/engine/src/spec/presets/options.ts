// Options that presets share.

import { z } from 'zod'
import { dimensionSchema } from '../../layers/layer-config.ts'
import type { ChainLayer } from './preset.ts'

export const classesSchema = z.int().min(1).max(100_000).meta({ description: 'Outputs: one per class.' })

export const imageShapeSchema = z.tuple([dimensionSchema, dimensionSchema, dimensionSchema]).meta({
  description: '[channels, height, width]',
})

export const dropoutSchema = z
  .number()
  .min(0)
  .lt(1)
  .default(0.5)
  .meta({ description: 'Probability with which a unit is dropped in training.' })

/** A preset's dense layers work on images too: they are flattened first. */
export function flattenIfImage(shape: readonly number[]): readonly ChainLayer[] {
  return shape.length > 1 ? [{ type: 'flatten' }] : []
}
