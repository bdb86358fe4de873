// Derivative of `softmax_cross_entropy` by the logits.

import { elementCount } from '../core/tensor.ts'
import type { CrossEntropyAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireLabels, requireRealShape } from './operands.ts'
import { labels, PLAIN_CROSS_ENTROPY, requireCrossEntropy, rowCount } from './softmax-cross-entropy.ts'

export const softmaxCrossEntropyBackward: Op<CrossEntropyAttributes> = {
  summary: 'Derivative of softmax_cross_entropy by logits; rows past count get 0.',
  // forward: loss = 1/Σ_{n<count} w[l] · Σ_{n<count, c} v[n,c] · (m + ln Σ_k e^(logits[n,k] − m) − logits[n,c])
  formula: 'dLogits[n,c] = dLoss / Σ_{n<count} w[l] · (softmax(logits)[n,c] · Σ_k v[n,k] − v[n,c]) for n < count, else 0',
  infer(inputs, attributes) {
    const [dLoss, logits, classes, count] = operands(inputs, ['dLoss', 'logits', 'labels', 'count'])
    const [N, C] = dims(logits, 'logits', ['N', 'C'])
    requireCrossEntropy(attributes, C)
    requireRealShape(dLoss, 'dLoss', [1], 'dLoss is one number.')
    requireLabels(classes, N)
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [logits]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 5 * elementCount(inputs[1]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 1]],
  samples: [
    {
      name: 'ten classes',
      inputs: [real(1), { ...real(4, 10), low: -3, high: 3 }, labels(4, 10), rowCount(4)],
      attributes: PLAIN_CROSS_ENTROPY,
    },
    { name: 'padded batch', inputs: [real(1), real(5, 3), labels(5, 3), rowCount(2)], attributes: PLAIN_CROSS_ENTROPY },
    {
      name: 'smoothing and class weights',
      inputs: [real(1), real(6, 3), labels(6, 3), rowCount(5)],
      attributes: { labelSmoothing: 0.1, classWeights: [0.5, 2, 1] },
    },
  ],
  errors: [
    { inputs: [real(1), real(4, 10), labels(4, 10)], attributes: PLAIN_CROSS_ENTROPY, code: 'wrong_arity' },
    { inputs: [real(1), real(4, 10), real(4), real(1)], attributes: PLAIN_CROSS_ENTROPY, code: 'wrong_type' },
    { inputs: [real(2), real(4, 10), labels(4, 10), real(1)], attributes: PLAIN_CROSS_ENTROPY, code: 'shape_mismatch' },
  ],
}
