// A step of Adagrad over a segment of parameters.

import { elementCount } from '../core/tensor.ts'
import type { AdagradAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op, SampleInput } from './op.ts'
import { operands, real, requireReal, requireRealShape } from './operands.ts'

const usual: AdagradAttributes = { epsilon: 1e-10, weightDecay: 0 }
const operandsOf = (size: number): SampleInput[] => [real(size), real(size), real(1), { ...real(size), low: 0.1, high: 1 }]

export const adagradUpdate: Op<AdagradAttributes> = {
  summary: 'One step of Adagrad, in place: the outputs are the same tensors as parameter and sum.',
  // Duchi, Hazan and Singer 2011; epsilon as in PyTorch.
  formula: 'g = gradient + weightDecay·p; s ← s + g²; p ← p − learningRate·g / (√s + epsilon)',
  infer(inputs) {
    const [parameter, gradient, learningRate, sum] = operands(inputs, ['parameter', 'gradient', 'learningRate', 'sum'])
    requireReal(parameter, 'parameter')
    requireRealShape(gradient, 'gradient', parameter.shape, 'Use the gradient of the same parameters.')
    requireRealShape(learningRate, 'learningRate', [1], 'The learning rate is one number.')
    requireRealShape(sum, 'sum', parameter.shape, 'Use the sum of the same parameters.')
    return [parameter, sum]
  },
  derivative: null,
  updates: [0, 3],
  cost: (inputs, outputs) => ({ flops: 6 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [
    [0, 0],
    [1, 3],
  ],
  samples: [
    { name: 'usual', inputs: operandsOf(17), attributes: usual },
    { name: 'weight decay', inputs: operandsOf(7), attributes: { ...usual, weightDecay: 0.1 } },
  ],
  errors: [
    { inputs: operandsOf(7).slice(1), attributes: usual, code: 'wrong_arity' },
    { inputs: [real(7), real(7), real(2), real(7)], attributes: usual, code: 'shape_mismatch' },
  ],
}
