// Derivative of `squared_error` by the prediction.

import { elementCount } from '../core/tensor.ts'
import type { SquaredErrorAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { rowCount } from './softmax-cross-entropy.ts'

export const squaredErrorBackward: Op<SquaredErrorAttributes> = {
  summary: 'Derivative of squared_error by prediction; rows past count get 0.',
  // forward: loss = factor · Σ_{n<count, k} (prediction[n,k] − target[n,k])², factor 1/(count·K) for mean, ½/count for half_sum
  formula: 'dPrediction[n,k] = dLoss · 2 · factor · (prediction[n,k] − target[n,k]) for n < count, else 0',
  infer(inputs) {
    const [dLoss, prediction, target, count] = operands(inputs, ['dLoss', 'prediction', 'target', 'count'])
    dims(prediction, 'prediction', ['N', 'K'])
    requireRealShape(dLoss, 'dLoss', [1], 'dLoss is one number.')
    requireRealShape(target, 'target', prediction.shape, 'Give the model as many outputs as the target has values.')
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [prediction]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 2 * elementCount(inputs[1]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 1]],
  samples: [
    { name: 'mean', inputs: [real(1), real(4, 3), real(4, 3), rowCount(4)], attributes: { reduction: 'mean' } },
    { name: 'half_sum', inputs: [real(1), real(4, 3), real(4, 3), rowCount(4)], attributes: { reduction: 'half_sum' } },
    { name: 'padded batch', inputs: [real(1), real(5, 2), real(5, 2), rowCount(2)], attributes: { reduction: 'mean' } },
  ],
  errors: [
    { inputs: [real(1), real(4, 3), real(4, 3)], attributes: { reduction: 'mean' }, code: 'wrong_arity' },
    { inputs: [real(1), real(4, 3), real(4, 1), real(1)], attributes: { reduction: 'mean' }, code: 'shape_mismatch' },
    { inputs: [real(2), real(4, 3), real(4, 3), real(1)], attributes: { reduction: 'mean' }, code: 'shape_mismatch' },
  ],
}
