// The mean of each window.

import { elementCount } from '../core/tensor.ts'
import type { AveragePoolingAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real } from './operands.ts'
import { AVERAGE_POOLINGS } from './pooling.samples.ts'
import { poolingOutput } from './window.ts'

const halves: AveragePoolingAttributes = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], countIncludePadding: true }

export const avgPool2d: Op<AveragePoolingAttributes> = {
  summary: 'Mean of each window of each channel; padding counts as zeros or not at all.',
  formula:
    'y[n,c,i,j] = 1/m · Σ_{r,s} x[n, c, i·stride − top + r, j·stride − left + s]; m is R·S, or without countIncludePadding the pixels of x in the window',
  infer(inputs, attributes) {
    const [x] = operands(inputs, ['x'])
    const [N, C, H, W] = dims(x, 'x', ['N', 'C', 'H', 'W'])
    return [real(N, C, ...poolingOutput([H, W], attributes))]
  },
  derivative(builder, { inputs, attributes, dOutputs: [dy], wants }) {
    const [x] = operands(inputs, ['x'])
    if (dy === null || dy === undefined || !wants[0]) return [null]
    const [, , H, W] = dims(builder.type(x), 'x', ['N', 'C', 'H', 'W'])
    return builder.emit('avg_pool2d_backward', [dy], { ...attributes, inputSize: [H, W] })
  },
  cost(inputs, outputs, { kernel }) {
    const [y] = operands(outputs, ['y'])
    return { flops: elementCount(y.shape) * kernel[0] * kernel[1], bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: AVERAGE_POOLINGS.map(({ name, x, attributes }) => ({ name, inputs: [real(...x)], attributes })),
  errors: [
    { inputs: [], attributes: halves, code: 'wrong_arity' },
    { inputs: [real(2, 10)], attributes: halves, code: 'wrong_rank' },
    { inputs: [real(1, 1, 1, 8)], attributes: halves, code: 'window_too_large' },
    { inputs: [real(1, 1, 8, 8)], attributes: { ...halves, padding: [0, 2, 0, 0] }, code: 'invalid_attribute' },
    { inputs: [real(1, 1, 8, 8)], attributes: { ...halves, padding: [0, 0, 2, 0] }, code: 'invalid_attribute' },
    { inputs: [real(1, 1, 8, 8)], attributes: { ...halves, stride: [0, 1] }, code: 'invalid_attribute' },
  ],
}
