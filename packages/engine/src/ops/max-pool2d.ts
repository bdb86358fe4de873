// The maximum of each window.

import type { PoolingAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, dimensions, real, windowOutput } from './shapes.ts'

const halves: PoolingAttributes = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }

export const maxPool2d: Op<PoolingAttributes> = {
  summary: 'Maximum of each window: x[N,C,H,W] → y[N,C,P,Q], workspace. Padding never wins; of equal values the first wins.',
  formula: 'y[n,c,p,q] = max over (r, s) of x[n, c, p·stride + r − top, q·stride + s − left]',
  infer(inputs, attributes) {
    const [n = 0, c = 0, h = 0, w = 0] = dimensions(inputs, 0, 4)
    const shape = [n, c, ...windowOutput([h, w], attributes)]
    return [
      { shape, type: 'real' },
      { shape, type: 'workspace' },
    ]
  },
  derivative(builder, { inputs, outputs, attributes, dOutputs, wants }) {
    const [x] = inputs
    const [, workspace] = outputs
    const [dy] = dOutputs
    if (wants[0] !== true || x === undefined || workspace === undefined || dy === undefined || dy === null) return [null]
    const [, , h = 0, w = 0] = builder.type(x).shape
    const [dx = null] = builder.emit('max_pool2d_backward', [dy, workspace], { ...attributes, inputSize: [h, w] })
    return [dx]
  },
  cost: (inputs, outputs, { kernel }) => costPerOutput(kernel[0] * kernel[1])(inputs, outputs),
  inPlace: [],
  samples: [
    { name: 'halves', inputs: [{ ...real(2, 3, 4, 6), distinct: true }], attributes: halves },
    {
      name: 'overlapping, padded, odd size',
      inputs: [{ ...real(1, 2, 5, 7), distinct: true }],
      attributes: { kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] },
    },
    { name: 'drops the remainder', inputs: [{ ...real(2, 17, 5, 5), distinct: true }], attributes: halves },
  ],
  errors: [
    { inputs: [real(2, 3, 4)], attributes: halves, code: 'wrong_rank' },
    { inputs: [real(1, 1, 1, 4)], attributes: halves, code: 'window_too_large' },
  ],
}
