// A step of Adam over a segment of parameters.

import { elementCount } from '../core/tensor.ts'
import type { AdamAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { operands, real, requireReal, requireRealShape } from './operands.ts'

const usual: AdamAttributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false }
/** m may have any sign, v is a mean of squares. */
const operandsOf = (size: number) => [
  real(size),
  real(size),
  real(1),
  { ...real(2), low: 0.1, high: 1 },
  real(size),
  { ...real(size), low: 0.01, high: 1 },
]

export const adamUpdate: Op<AdamAttributes> = {
  summary: 'One step of Adam, in place: the outputs are the same tensors as parameter, m and v.',
  // Kingma and Ba 2015, algorithm 1; decoupled: Loshchilov and Hutter 2019. biasCorrection = [1 − beta1^t, 1 − beta2^t].
  formula:
    'g = gradient + weightDecay·p; m ← beta1·m + (1−beta1)·g; v ← beta2·v + (1−beta2)·g²; p ← p − learningRate · (m/biasCorrection[0]) / (√(v/biasCorrection[1]) + epsilon); decoupled: g = gradient and first p ← p − learningRate·weightDecay·p',
  infer(inputs) {
    const names = ['parameter', 'gradient', 'learningRate', 'biasCorrection', 'm', 'v'] as const
    const [parameter, gradient, learningRate, biasCorrection, m, v] = operands(inputs, names)
    requireReal(parameter, 'parameter')
    requireRealShape(gradient, 'gradient', parameter.shape, 'Use the gradient of the same parameters.')
    requireRealShape(learningRate, 'learningRate', [1], 'The learning rate is one number.')
    requireRealShape(biasCorrection, 'biasCorrection', [2], 'Give [1 - beta1^t, 1 - beta2^t].')
    requireRealShape(m, 'm', parameter.shape, 'Use the slots of the same parameters.')
    requireRealShape(v, 'v', parameter.shape, 'Use the slots of the same parameters.')
    return [parameter, m, v]
  },
  derivative: null,
  updates: [0, 4, 5],
  cost: (inputs, outputs) => ({ flops: 12 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [
    [0, 0],
    [1, 4],
    [2, 5],
  ],
  samples: [
    { name: 'usual', inputs: operandsOf(17), attributes: usual },
    { name: 'weight decay', inputs: operandsOf(7), attributes: { ...usual, weightDecay: 0.1 } },
    { name: 'decoupled weight decay', inputs: operandsOf(7), attributes: { ...usual, weightDecay: 0.1, decoupled: true } },
  ],
  errors: [
    { inputs: operandsOf(7).slice(1), attributes: usual, code: 'wrong_arity' },
    { inputs: [real(7), real(7), real(1), real(1), real(7), real(7)], attributes: usual, code: 'shape_mismatch' },
    { inputs: [real(7), real(7), real(1), real(2), real(7), real(6)], attributes: usual, code: 'shape_mismatch' },
  ],
}
