// Lengths of tensors: of the gradient as a whole, or parameter by parameter.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { real, requireReal } from './operands.ts'

export const l2Norms: Op<NoAttributes> = {
  summary: 'The Euclidean length of each of several tensors.',
  formula: 'norms[i] = √Σ x_i²',
  infer(inputs) {
    if (inputs.length === 0) throw new ShapeError('wrong_arity', '0 inputs, expected 1 or more', 'Connect the tensors to measure.')
    inputs.forEach((x, i) => {
      requireReal(x, `x_${i}`)
    })
    return [real(inputs.length)]
  },
  derivative: null,
  cost: (inputs, outputs) => ({
    flops: 2 * inputs.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: operandBytes(inputs, outputs),
  }),
  inPlace: [],
  samples: [
    { name: 'one', inputs: [real(17)], attributes: {} },
    { name: 'three', inputs: [real(5), real(3, 4), { ...real(2, 3, 2, 2), low: 100, high: 200 }], attributes: {} },
  ],
  errors: [
    { inputs: [], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3), { shape: [3], type: 'index' }], attributes: {}, code: 'wrong_type' },
  ],
}
