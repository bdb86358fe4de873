// Two-dimensional cross-correlation, which every framework calls convolution.

import { elementCount } from '../core/tensor.ts'
import type { ConvolutionAttributes } from './attributes.ts'
import { CONVOLUTIONS, weightShape } from './conv2d.samples.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { convolutionFlops, windowOutput } from './window.ts'

const plain: ConvolutionAttributes = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 }

export const conv2d: Op<ConvolutionAttributes> = {
  summary: 'Convolution of images with filters, plus bias.',
  formula: 'y[n,k,i,j] = Σ_{c,r,s} x[n, c, i·stride − top + r·dilation, j·stride − left + s·dilation] · weight[k,c,r,s] + bias[k]',
  infer(inputs, attributes) {
    const [x, weight, bias] = operands(inputs, ['x', 'weight'], ['bias'])
    const { groups } = attributes
    const [N, C, H, W] = dims(x, 'x', ['N', 'C', 'H', 'W'])
    const [K, , R, S] = dims(weight, 'weight', ['K', 'C/groups', 'R', 'S'])
    if (!Number.isInteger(groups) || groups < 1 || C % groups !== 0 || K % groups !== 0) {
      throw new ShapeError(
        'groups_do_not_divide',
        `${groups} groups do not divide ${C} input channels and ${K} filters`,
        'Use a number of groups that divides both.',
      )
    }
    requireRealShape(weight, 'weight', [K, C / groups, R, S], `The input has ${C} channels in ${groups} groups.`)
    if (bias) requireRealShape(bias, 'bias', [K], 'Give one bias per filter.')
    return [real(N, K, ...windowOutput([H, W], { kernel: [R, S], ...attributes }))]
  },
  derivative(builder, { inputs, attributes, dOutputs, wants }) {
    const [x, weight, bias] = operands(inputs, ['x', 'weight'], ['bias'])
    const [dy] = dOutputs
    if (dy === null || dy === undefined) return inputs.map(() => null)
    const [, , H, W] = dims(builder.type(x), 'x', ['N', 'C', 'H', 'W'])
    const [, , R, S] = dims(builder.type(weight), 'weight', ['K', 'C/groups', 'R', 'S'])
    const [dx = null] = wants[0] ? builder.emit('conv2d_backward_data', [dy, weight], { ...attributes, inputSize: [H, W] }) : []
    const wantsBias = bias !== undefined && wants[2] === true
    const [dWeight = null, dBias = null] =
      wants[1] || wantsBias ? builder.emit('conv2d_backward_weight', [dy, x], { ...attributes, kernel: [R, S], bias: wantsBias }) : []
    return bias === undefined ? [dx, dWeight] : [dx, dWeight, dBias]
  },
  cost(inputs, outputs) {
    const [, weight, bias] = operands(inputs, ['x', 'weight'], ['bias'])
    const [y] = operands(outputs, ['y'])
    const [, channels, R, S] = dims(weight, 'weight', ['K', 'C/groups', 'R', 'S'])
    return { flops: convolutionFlops(y, channels, [R, S]) + (bias ? elementCount(y.shape) : 0), bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: CONVOLUTIONS.map((geometry) => {
    const { name, x, K, bias, attributes } = geometry
    const inputs = [real(...x), real(...weightShape(geometry))]
    return { name, inputs: bias ? [...inputs, real(K)] : inputs, attributes }
  }),
  errors: [
    { inputs: [real(1, 1, 4, 4)], attributes: plain, code: 'wrong_arity' },
    { inputs: [real(1, 784), real(6, 1, 5, 5)], attributes: plain, code: 'wrong_rank' },
    { inputs: [real(1, 1, 4, 4), real(6, 1, 5, 5)], attributes: plain, code: 'window_too_large' },
    { inputs: [real(1, 3, 4, 4), real(6, 1, 3, 3)], attributes: plain, code: 'shape_mismatch' },
    { inputs: [real(1, 1, 4, 4), real(6, 1, 3, 3), real(5)], attributes: plain, code: 'shape_mismatch' },
    { inputs: [real(1, 3, 4, 4), real(6, 1, 3, 3)], attributes: { ...plain, groups: 2 }, code: 'groups_do_not_divide' },
    { inputs: [real(1, 1, 4, 4), real(6, 1, 3, 3)], attributes: { ...plain, stride: [0, 1] }, code: 'invalid_attribute' },
    { inputs: [real(1, 1, 4, 4), real(6, 1, 3, 3)], attributes: { ...plain, padding: [0, 0, -1, 0] }, code: 'invalid_attribute' },
  ],
}
