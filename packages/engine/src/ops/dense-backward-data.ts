// Derivative of `dense` by its input.

import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'

export const denseBackwardData: Op<NoAttributes> = {
  summary: 'Derivative of dense by x.',
  // forward: y[n,k] = Σ_d x[n,d] · weight[k,d] + bias[k]
  formula: 'dx[n,d] = Σ_k dy[n,k] · weight[k,d]',
  infer(inputs) {
    const [dy, weight] = operands(inputs, ['dy', 'weight'])
    const [N, K] = dims(dy, 'dy', ['N', 'K'])
    const [, D] = dims(weight, 'weight', ['K', 'D'])
    requireRealShape(weight, 'weight', [K, D], `dy has ${K} outputs; give the weight as many rows.`)
    return [real(N, D)]
  },
  derivative: null,
  cost(inputs, outputs) {
    const [dy, weight] = operands(inputs, ['dy', 'weight'])
    const [N, K] = dims(dy, 'dy', ['N', 'K'])
    const [, D] = dims(weight, 'weight', ['K', 'D'])
    return { flops: 2 * N * K * D, bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: [
    { name: 'small', inputs: [real(3, 5), real(5, 4)], attributes: {} },
    { name: 'one of each', inputs: [real(1, 1), real(1, 1)], attributes: {} },
    { name: 'odd sizes past one block', inputs: [real(17, 13), real(13, 19)], attributes: {} },
  ],
  errors: [
    { inputs: [real(3, 5)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3, 5), real(5)], attributes: {}, code: 'wrong_rank' },
    { inputs: [real(3, 5), real(4, 4)], attributes: {}, code: 'shape_mismatch' },
  ],
}
