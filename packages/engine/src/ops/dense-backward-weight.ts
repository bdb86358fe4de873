// Derivative of dense (y = x · weightᵀ + bias) by weight and bias.

import type { OpAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { cost, dimensions, expectShape, real } from './shapes.ts'

export const denseBackwardWeight: Op<OpAttributes<'dense_backward_weight'>> = {
  summary: 'Derivative of dense by its parameters: dy[N,K], x[N,D] → dWeight[K,D], dBias[K]?.',
  formula: 'dWeight = dyᵀ · x, dBias = Σ rows of dy',
  infer(inputs, { bias }) {
    const [n = 0, k = 0] = dimensions(inputs, 0, 2)
    const [, d = 0] = dimensions(inputs, 1, 2)
    expectShape(inputs, 1, [n, d])
    return bias ? [real(k, d), real(k)] : [real(k, d)]
  },
  derivative: null,
  cost: (inputs, outputs) => {
    const [n = 0] = inputs[0]?.shape ?? []
    const [k = 0, d = 0] = outputs[0]?.shape ?? []
    return cost(2 * n * d * k, ...inputs, ...outputs)
  },
  inPlace: [],
  samples: [
    { name: 'with bias', inputs: [real(3, 2), real(3, 4)], attributes: { bias: true } },
    { name: 'without bias', inputs: [real(17, 19), real(17, 33)], attributes: { bias: false } },
  ],
  errors: [{ inputs: [real(3, 2), real(4, 4)], attributes: { bias: true }, code: 'shape_mismatch' }],
}
