// The same elements in the same row-major order under another shape. In plain layouts nothing is copied.

import { elementCount } from '../core/tensor.ts'
import type { OpAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { operands, real, requireReal, show } from './operands.ts'

export const reshape: Op<OpAttributes<'reshape'>> = {
  summary: 'Another shape for the same elements in row-major order.',
  formula: 'y.flat[i] = x.flat[i]',
  infer(inputs, { shape }) {
    const [x] = operands(inputs, ['x'])
    requireReal(x, 'x')
    if (elementCount(x.shape) !== elementCount(shape)) {
      throw new ShapeError(
        'wrong_element_count',
        `x has shape ${show(x.shape)} with ${elementCount(x.shape)} elements, expected ${elementCount(shape)} for ${show(shape)}`,
        'Use a shape with as many elements.',
      )
    }
    return [{ shape, type: 'real' }]
  },
  derivative(builder, { inputs, dOutputs, wants }) {
    const [x] = operands(inputs, ['x'])
    const [dy] = dOutputs
    if (dy === null || dy === undefined || !wants[0]) return [null]
    return builder.emit('reshape', [dy], { shape: builder.type(x).shape })
  },
  cost: (inputs, outputs) => ({ flops: 0, bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 0]],
  samples: [
    { name: 'flatten', inputs: [real(2, 3, 2, 2)], attributes: { shape: [2, 12] } },
    { name: 'same shape', inputs: [real(3, 4)], attributes: { shape: [3, 4] } },
  ],
  errors: [
    { inputs: [], attributes: { shape: [1] }, code: 'wrong_arity' },
    { inputs: [real(2, 3)], attributes: { shape: [5] }, code: 'wrong_element_count' },
  ],
}
