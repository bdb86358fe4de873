// The maximum of each window. Padding counts as −∞.

import { elementCount } from '../core/tensor.ts'
import type { PoolingAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real } from './operands.ts'
import { POOLINGS } from './pooling.samples.ts'
import { poolingOutput } from './window.ts'

const halves: PoolingAttributes = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }

export const maxPool2d: Op<PoolingAttributes> = {
  summary: 'Maximum of each window of each channel, with where it was found as workspace.',
  formula: 'y[n,c,i,j] = max_{r,s} x[n, c, i·stride − top + r, j·stride − left + s]; the first of equal ones wins',
  infer(inputs, attributes) {
    const [x] = operands(inputs, ['x'])
    const [N, C, H, W] = dims(x, 'x', ['N', 'C', 'H', 'W'])
    const y = real(N, C, ...poolingOutput([H, W], attributes))
    return [y, { shape: y.shape, type: 'workspace' }]
  },
  derivative(builder, { inputs, outputs, attributes, dOutputs, wants }) {
    const [x] = operands(inputs, ['x'])
    const [, workspace] = operands(outputs, ['y', 'workspace'])
    const [dy] = dOutputs
    if (dy === null || dy === undefined || !wants[0]) return [null]
    const [, , H, W] = dims(builder.type(x), 'x', ['N', 'C', 'H', 'W'])
    return builder.emit('max_pool2d_backward', [dy, workspace], { ...attributes, inputSize: [H, W] })
  },
  cost(inputs, outputs, { kernel }) {
    const [y] = operands(outputs, ['y', 'workspace'])
    return { flops: elementCount(y.shape) * kernel[0] * kernel[1], bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: POOLINGS.map(({ name, x, attributes }) => ({ name, inputs: [{ ...real(...x), distinct: true }], attributes })),
  errors: [
    { inputs: [], attributes: halves, code: 'wrong_arity' },
    { inputs: [real(2, 10)], attributes: halves, code: 'wrong_rank' },
    { inputs: [real(1, 1, 1, 8)], attributes: halves, code: 'window_too_large' },
    { inputs: [real(1, 1, 8, 8)], attributes: { ...halves, padding: [0, 2, 0, 0] }, code: 'invalid_attribute' },
    { inputs: [real(1, 1, 8, 8)], attributes: { ...halves, padding: [0, 0, 2, 0] }, code: 'invalid_attribute' },
    { inputs: [real(1, 1, 8, 8)], attributes: { ...halves, kernel: [1.5, 2] }, code: 'invalid_attribute' },
  ],
}
