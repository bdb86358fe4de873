// Two-dimensional convolution (cross-correlation, as in every framework).

import { elementCount, type TensorType } from '../core/tensor.ts'
import type { ConvolutionAttributes } from './attributes.ts'
import { type Op, type OpSample, ShapeError } from './op.ts'
import { cost, dimensions, expectShape, real, windowOutput } from './shapes.ts'

const plain: ConvolutionAttributes = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 }

/** Multiply-adds of a convolution, counted twice: each output sees channels / groups · R · S values. */
export function convolutionFlops(output: TensorType | undefined, weight: TensorType | undefined): number {
  const [, c = 0, r = 0, s = 0] = weight?.shape ?? []
  return 2 * elementCount(output?.shape ?? []) * c * r * s
}

export const conv2d: Op<ConvolutionAttributes> = {
  summary: 'Convolution: x[N,C,H,W], weight[K,C/groups,R,S], bias[K]? → y[N,K,P,Q].',
  formula: 'y[n,k,p,q] = bias[k] + Σ x[n, c, p·stride + r·dilation − top, q·stride + s·dilation − left] · weight[k,c,r,s]',
  infer(inputs, attributes) {
    const [n = 0, c = 0, h = 0, w = 0] = dimensions(inputs, 0, 4)
    const [k = 0, , r = 0, s = 0] = dimensions(inputs, 1, 4)
    const { groups } = attributes
    if (c % groups !== 0 || k % groups !== 0) {
      throw new ShapeError(
        'groups_do_not_divide',
        `${groups} groups do not divide ${c} input channels and ${k} filters`,
        'Use a number of groups that divides both.',
      )
    }
    expectShape(inputs, 1, [k, c / groups, r, s])
    if (inputs.length > 2) expectShape(inputs, 2, [k])
    return [real(n, k, ...windowOutput([h, w], { ...attributes, kernel: [r, s] }))]
  },
  derivative(builder, { inputs, attributes, dOutputs, wants }) {
    const [x, weight, bias] = inputs
    const [dy] = dOutputs
    if (x === undefined || weight === undefined || dy === undefined || dy === null) return inputs.map(() => null)
    const [, , h = 0, w = 0] = builder.type(x).shape
    const [, , r = 0, s = 0] = builder.type(weight).shape
    const [dx = null] = wants[0] === true ? builder.emit('conv2d_backward_data', [dy, weight], { ...attributes, inputSize: [h, w] }) : []
    const wantsBias = wants[2] === true
    const [dWeight = null, dBias = null] =
      wants[1] === true || wantsBias
        ? builder.emit('conv2d_backward_weight', [dy, x], { ...attributes, kernel: [r, s], bias: wantsBias })
        : []
    return bias === undefined ? [dx, dWeight] : [dx, dWeight, dBias]
  },
  cost: (inputs, outputs) => cost(convolutionFlops(outputs[0], inputs[1]), ...inputs, ...outputs),
  inPlace: [],
  samples: convolutionSamples(),
  errors: [
    { inputs: [real(1, 1, 4, 4), real(1, 1, 5, 5)], attributes: plain, code: 'window_too_large' },
    { inputs: [real(1, 3, 8, 8), real(4, 1, 3, 3)], attributes: { ...plain, groups: 2 }, code: 'groups_do_not_divide' },
    { inputs: [real(1, 3, 8, 8), real(4, 2, 3, 3)], attributes: plain, code: 'shape_mismatch' },
    { inputs: [real(1, 64), real(4, 2, 3, 3)], attributes: plain, code: 'wrong_rank' },
  ],
}

function convolutionSamples(): readonly OpSample<ConvolutionAttributes>[] {
  return [
    { name: 'one channel, padded', inputs: [real(2, 1, 5, 5), real(3, 1, 3, 3), real(3)], attributes: { ...plain, padding: [1, 1, 1, 1] } },
    { name: 'stride 2, odd size', inputs: [real(1, 3, 7, 5), real(2, 3, 3, 3), real(2)], attributes: { ...plain, stride: [2, 2] } },
    { name: 'stride beyond the window', inputs: [real(2, 2, 7, 8), real(3, 2, 2, 2)], attributes: { ...plain, stride: [3, 4] } },
    { name: 'uneven padding', inputs: [real(1, 2, 4, 5), real(2, 2, 3, 2)], attributes: { ...plain, padding: [0, 1, 2, 1] } },
    { name: 'dilated', inputs: [real(1, 2, 6, 7), real(2, 2, 3, 2), real(2)], attributes: { ...plain, dilation: [2, 3] } },
    { name: 'groups', inputs: [real(2, 4, 5, 5), real(6, 2, 3, 3), real(6)], attributes: { ...plain, groups: 2 } },
    { name: 'depthwise', inputs: [real(2, 3, 5, 5), real(3, 1, 3, 3)], attributes: { ...plain, groups: 3, padding: [1, 1, 1, 1] } },
    { name: '17 channels', inputs: [real(1, 17, 4, 4), real(17, 17, 3, 3), real(17)], attributes: { ...plain, padding: [1, 1, 1, 1] } },
    { name: 'window of 1', inputs: [real(2, 3, 3, 3), real(5, 3, 1, 1), real(5)], attributes: plain },
  ]
}
