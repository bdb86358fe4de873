// A fully connected layer over rows.

import type { NoAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { cost, dimensions, expectShape, real } from './shapes.ts'

export const dense: Op<NoAttributes> = {
  summary: 'Rows times transposed weights, plus bias: x[N,D], weight[K,D], bias[K]? → y[N,K].',
  formula: 'y = x · weightᵀ + bias',
  infer(inputs) {
    const [n = 0, d = 0] = dimensions(inputs, 0, 2)
    const [k = 0] = dimensions(inputs, 1, 2)
    expectShape(inputs, 1, [k, d])
    if (inputs.length > 2) expectShape(inputs, 2, [k])
    return [real(n, k)]
  },
  derivative(builder, { inputs, dOutputs, wants }) {
    const [x, weight, bias] = inputs
    const [dy] = dOutputs
    if (x === undefined || weight === undefined || dy === undefined || dy === null) return inputs.map(() => null)
    const [dx = null] = wants[0] === true ? builder.emit('dense_backward_data', [dy, weight], {}) : []
    const [dWeight = null, dBias = null] =
      wants[1] === true || wants[2] === true ? builder.emit('dense_backward_weight', [dy, x], { bias: wants[2] === true }) : []
    return bias === undefined ? [dx, dWeight] : [dx, dWeight, dBias]
  },
  cost: (inputs, outputs) => {
    const [n = 0, d = 0] = inputs[0]?.shape ?? []
    const [, k = 0] = outputs[0]?.shape ?? []
    return cost(2 * n * d * k, ...inputs, ...outputs)
  },
  inPlace: [],
  samples: [
    { name: 'with bias', inputs: [real(3, 4), real(2, 4), real(2)], attributes: {} },
    { name: 'without bias, one row', inputs: [real(1, 5), real(3, 5)], attributes: {} },
    { name: 'wide', inputs: [real(17, 33), real(19, 33), real(19)], attributes: {} },
  ],
  errors: [
    { inputs: [real(3, 4), real(2, 5)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(3, 1, 2, 2), real(2, 4)], attributes: {}, code: 'wrong_rank' },
    { inputs: [real(3, 4), real(2, 4), real(3)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(3, 4)], attributes: {}, code: 'missing_input' },
  ],
}
