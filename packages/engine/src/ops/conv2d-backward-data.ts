// Derivative of conv2d (y[n,k,p,q] = bias[k] + Σ x[…] · weight[k,c,r,s]) by x.

import type { OpAttributes } from './attributes.ts'
import { convolutionFlops } from './conv2d.ts'
import type { Op } from './op.ts'
import { cost, dimensions, expectShape, real, windowOutput } from './shapes.ts'

const plain = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const

export const conv2dBackwardData: Op<OpAttributes<'conv2d_backward_data'>> = {
  summary: 'Derivative of conv2d by its input: dy[N,K,P,Q], weight[K,C/groups,R,S] → dx[N,C,H,W].',
  formula: 'dx[n, c, p·stride + r·dilation − top, …] = Σ dy[n,k,p,q] · weight[k,c,r,s]',
  infer(inputs, attributes) {
    const { inputSize, groups } = attributes
    const [n = 0, k = 0] = dimensions(inputs, 0, 4)
    const [, c = 0, r = 0, s = 0] = dimensions(inputs, 1, 4)
    expectShape(inputs, 0, [n, k, ...windowOutput(inputSize, { ...attributes, kernel: [r, s] })])
    expectShape(inputs, 1, [k, c, r, s])
    return [real(n, c * groups, ...inputSize)]
  },
  derivative: null,
  cost: (inputs, outputs) => cost(convolutionFlops(inputs[0], inputs[1]), ...inputs, ...outputs),
  inPlace: [],
  samples: [
    { name: 'padded', inputs: [real(2, 3, 5, 5), real(3, 2, 3, 3)], attributes: { ...plain, padding: [1, 1, 1, 1], inputSize: [5, 5] } },
    {
      name: 'stride 2, odd size',
      inputs: [real(1, 2, 3, 2), real(2, 3, 3, 3)],
      attributes: { ...plain, stride: [2, 2], inputSize: [7, 5] },
    },
    { name: 'groups', inputs: [real(2, 6, 3, 3), real(6, 2, 3, 3)], attributes: { ...plain, groups: 2, inputSize: [5, 5] } },
  ],
  errors: [{ inputs: [real(1, 2, 4, 4), real(2, 3, 3, 3)], attributes: { ...plain, inputSize: [7, 7] }, code: 'shape_mismatch' }],
}
