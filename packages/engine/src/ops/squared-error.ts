// The loss of regression, and of the first networks of every course.

import { elementCount } from '../core/tensor.ts'
import type { SquaredErrorAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { rowCount } from './softmax-cross-entropy.ts'

export const squaredError: Op<SquaredErrorAttributes> = {
  summary: 'Squared error over the first `count` rows.',
  formula: 'loss = factor · Σ_{n<count, k} (prediction[n,k] − target[n,k])², factor 1/(count·K) for mean, ½/count for half_sum',
  infer(inputs) {
    const [prediction, target, count] = operands(inputs, ['prediction', 'target', 'count'])
    dims(prediction, 'prediction', ['N', 'K'])
    requireRealShape(target, 'target', prediction.shape, 'Give the model as many outputs as the target has values.')
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [real(1)]
  },
  derivative(builder, { inputs, attributes, dOutputs, wants }) {
    const [dLoss] = dOutputs
    if (dLoss === null || dLoss === undefined || !wants[0]) return [null, null, null]
    const [dPrediction = null] = builder.emit('squared_error_backward', [dLoss, ...inputs], attributes)
    return [dPrediction, null, null]
  },
  cost: (inputs, outputs) => ({ flops: 3 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'mean', inputs: [real(4, 3), real(4, 3), rowCount(4)], attributes: { reduction: 'mean' } },
    { name: 'half_sum', inputs: [real(4, 3), real(4, 3), rowCount(4)], attributes: { reduction: 'half_sum' } },
    { name: 'padded batch', inputs: [real(5, 2), real(5, 2), rowCount(2)], attributes: { reduction: 'mean' } },
    { name: 'padded batch, half_sum', inputs: [real(5, 1), real(5, 1), rowCount(3)], attributes: { reduction: 'half_sum' } },
  ],
  errors: [
    { inputs: [real(4, 3), real(4, 3)], attributes: { reduction: 'mean' }, code: 'wrong_arity' },
    { inputs: [real(4, 3), real(4, 1), real(1)], attributes: { reduction: 'mean' }, code: 'shape_mismatch' },
    { inputs: [real(4, 3), { shape: [4, 3], type: 'index' }, real(1)], attributes: { reduction: 'mean' }, code: 'wrong_type' },
    { inputs: [real(4, 3, 1, 1), real(4, 3, 1, 1), real(1)], attributes: { reduction: 'mean' }, code: 'wrong_rank' },
  ],
}
