// What the normalizations share: their attributes, and the shapes of scale, shift and statistics.

import { elementCount, type TensorType } from '../core/tensor.ts'
import type { NormalizationAttributes } from './attributes.ts'
import { ShapeError } from './op.ts'
import { invalidAttribute, requireReal, requireRealShape, show } from './operands.ts'

/** Gradients are checked where statistics are: away from a variance of 0, at which 1 / √(σ² + ε) bends sharply. */
export const EPSILON = 0.001

/** Throws ShapeError `invalid_attribute`. */
export function requireEpsilon({ epsilon }: NormalizationAttributes): void {
  if (epsilon > 0 && Number.isFinite(epsilon)) return
  throw invalidAttribute(`epsilon is ${epsilon}: expected a finite number above 0`, 'Use 1e-5, the usual value.')
}

/**
 * Channels of [N, C, …]. Throws ShapeError `wrong_rank` where there are none.
 * @example channelsOf({ shape: [8, 16, 5, 5], type: 'real' }) // 16
 */
export function channelsOf(x: TensorType, name = 'x'): number {
  requireReal(x, name)
  const [, channels] = x.shape
  if (channels !== undefined) return channels
  throw new ShapeError('wrong_rank', `${name} has shape ${show(x.shape)}, expected [N, C, …]`, 'Give it rows of at least one channel.')
}

/** Values that one channel has in the batch. */
export function valuesPerChannel(x: TensorType): number {
  return elementCount(x.shape) / channelsOf(x)
}

/** Shape of one row of [N, …]. */
export function rowShape(x: TensorType, name = 'x'): readonly number[] {
  channelsOf(x, name)
  return x.shape.slice(1)
}

/** Each operand must be real and of one shape. */
export function requireEach(operands: Readonly<Record<string, TensorType>>, shape: readonly number[], hint: string): void {
  for (const [name, operand] of Object.entries(operands)) requireRealShape(operand, name, shape, hint)
}
