// Derivative of `avg_pool2d`.

import { elementCount } from '../core/tensor.ts'
import type { OpAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { AVERAGE_POOLINGS } from './pooling.samples.ts'
import { poolingOutput } from './window.ts'

const halves: OpAttributes<'avg_pool2d_backward'> = {
  kernel: [2, 2],
  stride: [2, 2],
  padding: [0, 0, 0, 0],
  countIncludePadding: true,
  inputSize: [4, 4],
}

export const avgPool2dBackward: Op<OpAttributes<'avg_pool2d_backward'>> = {
  summary: 'Derivative of avg_pool2d: each dy goes in equal parts to the pixels of its window.',
  // forward: y[n,c,i,j] = 1/m · Σ_{r,s} x[n, c, i·stride − top + r, j·stride − left + s]
  formula: 'dx[n,c,h,w] = Σ dy[n,c,i,j] / m[i,j] over all windows i, j that hold h, w',
  infer(inputs, attributes) {
    const [dy] = operands(inputs, ['dy'])
    const [N, C] = dims(dy, 'dy', ['N', 'C', 'H', 'W'])
    const size = poolingOutput(attributes.inputSize, attributes)
    requireRealShape(dy, 'dy', [N, C, ...size], 'Use the same attributes as in the forward op.')
    return [real(N, C, ...attributes.inputSize)]
  },
  derivative: null,
  cost(inputs, outputs, { kernel }) {
    const [dy] = operands(inputs, ['dy'])
    return { flops: elementCount(dy.shape) * kernel[0] * kernel[1], bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: AVERAGE_POOLINGS.map(({ name, x, y, attributes }) => ({
    name,
    inputs: [real(x[0], x[1], ...y)],
    attributes: { ...attributes, inputSize: [x[2], x[3]] },
  })),
  errors: [
    { inputs: [], attributes: halves, code: 'wrong_arity' },
    { inputs: [real(1, 4)], attributes: halves, code: 'wrong_rank' },
    { inputs: [real(1, 1, 3, 2)], attributes: halves, code: 'shape_mismatch' },
    { inputs: [real(1, 1, 1, 1)], attributes: { ...halves, kernel: [5, 5] }, code: 'window_too_large' },
  ],
}
