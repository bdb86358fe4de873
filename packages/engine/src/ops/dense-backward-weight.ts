// Derivative of `dense` by its weight and bias.

import type { OpAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { ShapeError } from './op.ts'
import { dims, operands, real } from './operands.ts'

export const denseBackwardWeight: Op<OpAttributes<'dense_backward_weight'>> = {
  summary: 'Derivative of dense by weight and, where asked for, by bias.',
  // forward: y[n,k] = Σ_d x[n,d] · weight[k,d] + bias[k]
  formula: 'dWeight[k,d] = Σ_n dy[n,k] · x[n,d]; dBias[k] = Σ_n dy[n,k]',
  infer(inputs, { bias }) {
    const [dy, x] = operands(inputs, ['dy', 'x'])
    const [N, K] = dims(dy, 'dy', ['N', 'K'])
    const [rows, D] = dims(x, 'x', ['N', 'D'])
    if (rows !== N) throw new ShapeError('shape_mismatch', `x has ${rows} rows, expected ${N} as dy has`, 'Use the x of the same batch.')
    return bias ? [real(K, D), real(K)] : [real(K, D)]
  },
  derivative: null,
  cost(inputs, outputs, { bias }) {
    const [dy, x] = operands(inputs, ['dy', 'x'])
    const [N, K] = dims(dy, 'dy', ['N', 'K'])
    const [, D] = dims(x, 'x', ['N', 'D'])
    return { flops: 2 * N * K * D + (bias ? N * K : 0), bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: [
    { name: 'with bias', inputs: [real(3, 5), real(3, 4)], attributes: { bias: true } },
    { name: 'without bias', inputs: [real(2, 3), real(2, 7)], attributes: { bias: false } },
    { name: 'one of each', inputs: [real(1, 1), real(1, 1)], attributes: { bias: true } },
    { name: 'odd sizes past one block', inputs: [real(17, 13), real(17, 19)], attributes: { bias: true } },
  ],
  errors: [
    { inputs: [real(3, 5)], attributes: { bias: true }, code: 'wrong_arity' },
    { inputs: [real(3, 5), real(3)], attributes: { bias: true }, code: 'wrong_rank' },
    { inputs: [real(3, 5), real(2, 4)], attributes: { bias: true }, code: 'shape_mismatch' },
  ],
}
