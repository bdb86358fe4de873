// Derivative of `softmax`.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'

export const softmaxBackward: Op<NoAttributes> = {
  summary: 'Derivative of softmax, from its output.',
  // forward: y[n,c] = e^(x[n,c] − m) / Σ_c e^(x[n,c] − m)
  formula: 'dx[n,c] = y[n,c] · (dy[n,c] − Σ_k dy[n,k] · y[n,k])',
  infer(inputs) {
    const [dy, y] = operands(inputs, ['dy', 'y'])
    dims(y, 'y', ['N', 'C'])
    requireRealShape(dy, 'dy', y.shape, 'Use the output of the forward op.')
    return [dy]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 4 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [
    [0, 0],
    [0, 1],
  ],
  samples: [
    { name: 'ten classes', inputs: [real(3, 10), { ...real(3, 10), low: 0.05, high: 0.15 }], attributes: {} },
    { name: 'one class', inputs: [real(2, 1), { ...real(2, 1), low: 1, high: 1 }], attributes: {} },
  ],
  errors: [
    { inputs: [real(3, 4)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3), real(3)], attributes: {}, code: 'wrong_rank' },
    { inputs: [real(3, 4), real(3, 5)], attributes: {}, code: 'shape_mismatch' },
  ],
}
