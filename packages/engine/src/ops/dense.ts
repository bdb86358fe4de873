// A fully connected layer's product.

import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'

export const dense: Op<NoAttributes> = {
  summary: 'Matrix product of rows with transposed weights, plus bias.',
  formula: 'y[n,k] = Σ_d x[n,d] · weight[k,d] + bias[k]',
  infer(inputs) {
    const [x, weight, bias] = operands(inputs, ['x', 'weight'], ['bias'])
    const [N, D] = dims(x, 'x', ['N', 'D'])
    const [K] = dims(weight, 'weight', ['K', 'D'])
    requireRealShape(weight, 'weight', [K, D], `The layer takes ${D} features; give its weight as many columns.`)
    if (bias) requireRealShape(bias, 'bias', [K], 'Give one bias per output.')
    return [real(N, K)]
  },
  derivative(builder, { inputs, dOutputs, wants }) {
    const [x, weight, bias] = operands(inputs, ['x', 'weight'], ['bias'])
    const [dy] = dOutputs
    if (dy === null || dy === undefined) return inputs.map(() => null)
    const [dx = null] = wants[0] ? builder.emit('dense_backward_data', [dy, weight], {}) : []
    const wantsBias = bias !== undefined && wants[2] === true
    const [dWeight = null, dBias = null] = wants[1] || wantsBias ? builder.emit('dense_backward_weight', [dy, x], { bias: wantsBias }) : []
    return bias === undefined ? [dx, dWeight] : [dx, dWeight, dBias]
  },
  cost(inputs, outputs) {
    const [x, weight, bias] = operands(inputs, ['x', 'weight'], ['bias'])
    const [N, D] = dims(x, 'x', ['N', 'D'])
    const [K] = dims(weight, 'weight', ['K', 'D'])
    return { flops: 2 * N * K * D + (bias ? N * K : 0), bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: [
    { name: 'with bias', inputs: [real(3, 4), real(5, 4), real(5)], attributes: {} },
    { name: 'without bias', inputs: [real(2, 7), real(3, 7)], attributes: {} },
    { name: 'one row, one feature, one output', inputs: [real(1, 1), real(1, 1), real(1)], attributes: {} },
    { name: 'odd sizes past one block', inputs: [real(17, 19), real(13, 19), real(13)], attributes: {} },
  ],
  errors: [
    { inputs: [real(3, 4)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3, 4, 1, 1), real(5, 4)], attributes: {}, code: 'wrong_rank' },
    { inputs: [real(3, 4), real(5, 3)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(3, 4), real(5, 4), real(4)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [{ shape: [3, 4], type: 'index' }, real(5, 4)], attributes: {}, code: 'wrong_type' },
  ],
}
