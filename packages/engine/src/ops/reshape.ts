// The same values, row-major, under another shape.

import { elementCount } from '../core/tensor.ts'
import type { OpAttributes } from './attributes.ts'
import { type Op, ShapeError } from './op.ts'
import { inputAt, real } from './shapes.ts'

export const reshape: Op<OpAttributes<'reshape'>> = {
  summary: 'The same values in row-major order under another shape.',
  formula: 'y = x',
  infer(inputs, { shape }) {
    const input = inputAt(inputs, 0)
    const [have, want] = [elementCount(input.shape), elementCount(shape)]
    if (have !== want) {
      throw new ShapeError(
        'shape_mismatch',
        `${have} elements do not fill the shape [${shape.join(', ')}] of ${want}`,
        `Use ${have} elements.`,
      )
    }
    return [{ shape, type: input.type }]
  },
  derivative(builder, { inputs, dOutputs, wants }) {
    const [x] = inputs
    const [dy] = dOutputs
    if (wants[0] !== true || x === undefined || dy === undefined || dy === null) return [null]
    const [dx = null] = builder.emit('reshape', [dy], { shape: builder.type(x).shape })
    return [dx]
  },
  cost: () => ({ flops: 0, bytes: 0 }),
  inPlace: [[0, 0]],
  samples: [
    { name: 'flatten', inputs: [real(2, 3, 4, 5)], attributes: { shape: [2, 60] } },
    { name: 'flatten 17 channels', inputs: [real(1, 17, 2, 2)], attributes: { shape: [1, 68] } },
    { name: 'to an image', inputs: [real(2, 12)], attributes: { shape: [2, 3, 2, 2] } },
  ],
  errors: [{ inputs: [real(2, 3)], attributes: { shape: [5] }, code: 'shape_mismatch' }],
}
