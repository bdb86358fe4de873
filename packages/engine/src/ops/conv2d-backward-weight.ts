// Derivative of conv2d (y[n,k,p,q] = bias[k] + Σ x[…] · weight[k,c,r,s]) by weight and bias.

import type { OpAttributes } from './attributes.ts'
import { convolutionFlops } from './conv2d.ts'
import type { Op } from './op.ts'
import { cost, dimensions, expectShape, real, windowOutput } from './shapes.ts'

const plain = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1, kernel: [3, 3] } as const

export const conv2dBackwardWeight: Op<OpAttributes<'conv2d_backward_weight'>> = {
  summary: 'Derivative of conv2d by its parameters: dy[N,K,P,Q], x[N,C,H,W] → dWeight[K,C/groups,R,S], dBias[K]?.',
  formula: 'dWeight[k,c,r,s] = Σ dy[n,k,p,q] · x[n, c, p·stride + r·dilation − top, …], dBias[k] = Σ dy[n,k,p,q]',
  infer(inputs, attributes) {
    const { kernel, groups, bias } = attributes
    const [n = 0, k = 0] = dimensions(inputs, 0, 4)
    const [, c = 0, h = 0, w = 0] = dimensions(inputs, 1, 4)
    expectShape(inputs, 0, [n, k, ...windowOutput([h, w], attributes)])
    expectShape(inputs, 1, [n, c, h, w])
    const dWeight = real(k, c / groups, ...kernel)
    return bias ? [dWeight, real(k)] : [dWeight]
  },
  derivative: null,
  cost: (inputs, outputs) => cost(convolutionFlops(inputs[0], outputs[0]), ...inputs, ...outputs),
  inPlace: [],
  samples: [
    { name: 'padded', inputs: [real(2, 3, 5, 5), real(2, 2, 5, 5)], attributes: { ...plain, padding: [1, 1, 1, 1], bias: true } },
    { name: 'stride 2, odd size', inputs: [real(1, 2, 3, 2), real(1, 3, 7, 5)], attributes: { ...plain, stride: [2, 2], bias: false } },
    { name: 'groups', inputs: [real(2, 6, 3, 3), real(2, 4, 5, 5)], attributes: { ...plain, groups: 2, bias: true } },
  ],
  errors: [{ inputs: [real(1, 2, 4, 4), real(1, 3, 7, 7)], attributes: { ...plain, bias: false }, code: 'shape_mismatch' }],
}
