// Holds every number of a gradient within bounds.

import { elementCount } from '../core/tensor.ts'
import type { ClipAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { invalidAttribute, operands, real, requireReal } from './operands.ts'

/** Throws ShapeError `invalid_attribute` for a bound that is no positive number. */
export function requireBound({ bound }: ClipAttributes): void {
  if (!(bound > 0 && bound < Number.POSITIVE_INFINITY)) throw invalidAttribute(`bound is ${bound}, expected a number above 0`, 'Use 1.')
}

export const clipByValue: Op<ClipAttributes> = {
  summary: 'Holds every number of the gradient between −bound and bound, in place: the output is the gradient.',
  formula: 'gradient ← max(−bound, min(bound, gradient))',
  infer(inputs, attributes) {
    const [gradient] = operands(inputs, ['gradient'])
    requireReal(gradient, 'gradient')
    requireBound(attributes)
    return [gradient]
  },
  derivative: null,
  updates: [0],
  cost: (inputs, outputs) => ({ flops: 2 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 0]],
  samples: [{ name: 'some numbers beyond', inputs: [real(17)], attributes: { bound: 0.4 } }],
  errors: [
    { inputs: [], attributes: { bound: 1 }, code: 'wrong_arity' },
    { inputs: [real(7)], attributes: { bound: 0 }, code: 'invalid_attribute' },
  ],
}
