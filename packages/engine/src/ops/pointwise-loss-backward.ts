// Derivative of `pointwise_loss` by the output.

import { elementCount } from '../core/tensor.ts'
import type { PointwiseLossAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { operands, real, requireRealShape } from './operands.ts'
import { POINTWISE_LOSS_SAMPLES, requirePointwiseOperands } from './pointwise-loss.ts'
import { POINTWISE_LOSS_FUNCTIONS } from './pointwise-loss-functions.ts'
import { rowCount } from './softmax-cross-entropy.ts'

const squared: PointwiseLossAttributes = { loss: 'squared_error', parameter: 0, reduction: 'mean' }

export const pointwiseLossBackward: Op<PointwiseLossAttributes> = {
  summary: 'Derivative of pointwise_loss by output; rows past count get 0.',
  // forward: loss = factor · Σ_{n<count, k} f(output[n,k], target[n,k]), factor 1/(count·K) for mean, ½/count for half_sum
  formula: 'dOutput[n,k] = dLoss · factor · ∂f/∂output(output[n,k], target[n,k]) for n < count, else 0',
  infer(inputs, attributes) {
    const [dLoss, output, target, count] = operands(inputs, ['dLoss', 'output', 'target', 'count'])
    requireRealShape(dLoss, 'dLoss', [1], 'dLoss is one number.')
    requirePointwiseOperands(output, target, count, attributes)
    return [output]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 3 * elementCount(inputs[1]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 1]],
  samples: POINTWISE_LOSS_SAMPLES.map((attributes) => {
    const [low, high] = POINTWISE_LOSS_FUNCTIONS[attributes.loss].targets
    return { name: attributes.loss, inputs: [real(1), real(5, 3), { ...real(5, 3), low, high }, rowCount(3)], attributes }
  }),
  errors: [
    { inputs: [real(1), real(4, 3), real(4, 3)], attributes: squared, code: 'wrong_arity' },
    { inputs: [real(1), real(4, 3), real(4, 1), real(1)], attributes: squared, code: 'shape_mismatch' },
    { inputs: [real(2), real(4, 3), real(4, 3), real(1)], attributes: squared, code: 'shape_mismatch' },
  ],
}
