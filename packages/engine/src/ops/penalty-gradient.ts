// The derivative of penalties on the size of the weights, added to the gradient of a segment.

import { elementCount } from '../core/tensor.ts'
import type { PenaltyAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { operands, real, requireReal, requireRealShape } from './operands.ts'

export const penaltyGradient: Op<PenaltyAttributes> = {
  summary: 'Adds the derivative of l1·Σ|p| + ½·l2·Σp² to the gradient, in place: the output is the gradient.',
  formula: 'gradient ← gradient + l1·sign(p) + l2·p, sign(0) = 0',
  infer(inputs) {
    const [gradient, parameter] = operands(inputs, ['gradient', 'parameter'])
    requireReal(gradient, 'gradient')
    requireRealShape(parameter, 'parameter', gradient.shape, 'Use the gradient of the same parameters.')
    return [gradient]
  },
  derivative: null,
  updates: [0],
  cost: (inputs, outputs) => ({ flops: 4 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 0]],
  samples: [
    { name: 'l1', inputs: [real(17), real(17)], attributes: { l1: 0.1, l2: 0 } },
    { name: 'l2', inputs: [real(17), real(17)], attributes: { l1: 0, l2: 0.3 } },
    { name: 'l1 and l2', inputs: [real(7), real(7)], attributes: { l1: 0.1, l2: 0.3 } },
  ],
  errors: [
    { inputs: [real(7)], attributes: { l1: 0.1, l2: 0 }, code: 'wrong_arity' },
    { inputs: [real(7), real(6)], attributes: { l1: 0.1, l2: 0 }, code: 'shape_mismatch' },
  ],
}
