// Derivative of `conv2d` by its weight and bias.

import { elementCount } from '../core/tensor.ts'
import type { OpAttributes } from './attributes.ts'
import { CONVOLUTIONS } from './conv2d.samples.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { convolutionFlops, windowOutput } from './window.ts'

const plain: OpAttributes<'conv2d_backward_weight'> = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  kernel: [3, 3],
  bias: true,
}

export const conv2dBackwardWeight: Op<OpAttributes<'conv2d_backward_weight'>> = {
  summary: 'Derivative of conv2d by weight and, where asked for, by bias.',
  // forward: y[n,k,i,j] = Σ_{c,r,s} x[n, c, i·stride − top + r·dilation, j·stride − left + s·dilation] · weight[k,c,r,s] + bias[k]
  formula:
    'dWeight[k,c,r,s] = Σ_{n,i,j} dy[n,k,i,j] · x[n, c, i·stride − top + r·dilation, j·stride − left + s·dilation]; dBias[k] = Σ_{n,i,j} dy[n,k,i,j]',
  infer(inputs, attributes) {
    const [dy, x] = operands(inputs, ['dy', 'x'])
    const { kernel, groups, bias } = attributes
    const [N, C, H, W] = dims(x, 'x', ['N', 'C', 'H', 'W'])
    const [, K] = dims(dy, 'dy', ['N', 'K', 'H', 'W'])
    if (C % groups !== 0 || K % groups !== 0) {
      throw new ShapeError(
        'groups_do_not_divide',
        `${groups} groups do not divide ${C} input channels and ${K} filters`,
        'Use a number of groups that divides both.',
      )
    }
    requireRealShape(dy, 'dy', [N, K, ...windowOutput([H, W], attributes)], 'Use the same attributes as in the forward convolution.')
    const dWeight = real(K, C / groups, ...kernel)
    return bias ? [dWeight, real(K)] : [dWeight]
  },
  derivative: null,
  cost(inputs, outputs, { kernel, groups, bias }) {
    const [dy, x] = operands(inputs, ['dy', 'x'])
    const [, C] = dims(x, 'x', ['N', 'C', 'H', 'W'])
    return { flops: convolutionFlops(dy, C / groups, kernel) + (bias ? elementCount(dy.shape) : 0), bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: CONVOLUTIONS.map(({ name, x, K, y, kernel, bias, attributes }) => ({
    name,
    inputs: [real(x[0], K, ...y), real(...x)],
    attributes: { ...attributes, kernel, bias },
  })),
  errors: [
    { inputs: [real(1, 6, 2, 2)], attributes: plain, code: 'wrong_arity' },
    { inputs: [real(1, 24), real(1, 1, 4, 4)], attributes: plain, code: 'wrong_rank' },
    { inputs: [real(1, 6, 3, 3), real(1, 1, 4, 4)], attributes: plain, code: 'shape_mismatch' },
    { inputs: [real(1, 6, 2, 2), real(1, 3, 4, 4)], attributes: { ...plain, groups: 2 }, code: 'groups_do_not_divide' },
    { inputs: [real(1, 6, 2, 2), real(1, 1, 2, 2)], attributes: plain, code: 'window_too_large' },
  ],
}
