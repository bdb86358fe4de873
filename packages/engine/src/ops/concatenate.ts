// Tensors beside each other along the channels: joints of U-Nets and Inception blocks, padding of channels.

import type { TensorType } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { channelsOf } from './bias-add.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { real, show } from './operands.ts'

const INPUTS_MIN = 2

export const concatenate: Op<NoAttributes> = {
  summary: 'Two or more tensors joined along the channels, in order.',
  formula: 'y[n,c,…] = x_i[n, c − start_i, …] for start_i ≤ c < start_i + C_i, start_i = Σ_{j<i} C_j',
  infer(inputs) {
    const [first] = inputs
    if (first === undefined || inputs.length < INPUTS_MIN) {
      const message = `${inputs.length} inputs, expected at least ${INPUTS_MIN}`
      throw new ShapeError('wrong_arity', message, 'Connect all tensors that are to be joined.')
    }
    const channels = inputs.reduce((sum, type, index) => sum + channelsOf(type, `input ${index}`), 0)
    inputs.forEach((type, index) => {
      if (agrees(type, first)) return
      const message = `input ${index} has shape ${show(type.shape)}, expected all but the channels as in ${show(first.shape)}`
      throw new ShapeError('shape_mismatch', message, 'Give all inputs the same height and width.')
    })
    return [real(first.shape[0] ?? 1, channels, ...first.shape.slice(2))]
  },
  derivative(builder, { inputs, dOutputs: [dy], wants }) {
    if (dy === null || dy === undefined) return inputs.map(() => null)
    let next = 0
    return inputs.map((input, index) => {
      const start = next
      const size = channelsOf(builder.type(input), 'input')
      next += size
      const [dx = null] = wants[index] ? builder.emit('slice', [dy], { start, size }) : []
      return dx
    })
  },
  cost: (inputs, outputs) => ({ flops: 0, bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'images', inputs: [real(2, 3, 4, 5), real(2, 1, 4, 5)], attributes: {} },
    { name: 'three of 8, 17 and 16 channels', inputs: [real(1, 8, 3, 2), real(1, 17, 3, 2), real(1, 16, 3, 2)], attributes: {} },
    { name: 'rows', inputs: [real(3, 2), real(3, 5)], attributes: {} },
  ],
  errors: [
    { inputs: [real(2, 3)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3), real(3)], attributes: {}, code: 'wrong_rank' },
    { inputs: [real(2, 3, 4, 4), real(2, 3, 5, 4)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(2, 3, 4, 4), real(2, 3)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(2, 3), { shape: [2, 3], type: 'index' }], attributes: {}, code: 'wrong_type' },
  ],
}

function agrees(a: TensorType, b: TensorType): boolean {
  return a.shape.length === b.shape.length && a.shape.every((size, axis) => axis === 1 || size === b.shape[axis])
}
