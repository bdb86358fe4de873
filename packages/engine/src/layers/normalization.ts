// What the normalizing layers share.

import { z } from 'zod'
import type { Shape, TensorId } from '../core/tensor.ts'
import type { LayerBuilder } from './layer.ts'

export const epsilonSchema = z
  .number()
  .positive()
  .max(1)
  .default(1e-5)
  .meta({ description: 'Added to the variance before its root is taken.' })

/** A scale that begins at 1 and a shift that begins at 0, named as in PyTorch. */
export function normalizationParameters(builder: LayerBuilder, shape: Shape): { readonly weight: TensorId; readonly bias: TensorId } {
  return {
    weight: builder.parameter('weight', shape, { config: { type: 'constant', value: 1 }, fanIn: 1, fanOut: 1 }),
    bias: builder.parameter('bias', shape, { config: { type: 'zeros' }, fanIn: 1, fanOut: 1 }),
  }
}
