// Derivative of dense (y = x · weightᵀ + bias) by x.

import type { NoAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { cost, dimensions, expectShape, real } from './shapes.ts'

export const denseBackwardData: Op<NoAttributes> = {
  summary: 'Derivative of dense by its input: dy[N,K], weight[K,D] → dx[N,D].',
  formula: 'dx = dy · weight',
  infer(inputs) {
    const [n = 0, k = 0] = dimensions(inputs, 0, 2)
    const [, d = 0] = dimensions(inputs, 1, 2)
    expectShape(inputs, 1, [k, d])
    return [real(n, d)]
  },
  derivative: null,
  cost: (inputs, outputs) => {
    const [n = 0, k = 0] = inputs[0]?.shape ?? []
    const [, d = 0] = outputs[0]?.shape ?? []
    return cost(2 * n * d * k, ...inputs, ...outputs)
  },
  inPlace: [],
  samples: [
    { name: 'small', inputs: [real(3, 2), real(2, 4)], attributes: {} },
    { name: 'wide', inputs: [real(17, 19), real(19, 33)], attributes: {} },
  ],
  errors: [{ inputs: [real(3, 2), real(3, 4)], attributes: {}, code: 'shape_mismatch' }],
}
