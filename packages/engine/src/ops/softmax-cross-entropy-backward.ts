// Derivative of `softmax_cross_entropy` by the logits.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireLabels, requireRealShape } from './operands.ts'
import { labels, rowCount } from './softmax-cross-entropy.ts'

export const softmaxCrossEntropyBackward: Op<NoAttributes> = {
  summary: 'Derivative of softmax_cross_entropy by logits; rows past count get 0.',
  // forward: loss = 1/count · Σ_{n<count} (m + ln Σ_c e^(logits[n,c] − m) − logits[n, labels[n]])
  formula: 'dLogits[n,c] = dLoss / count · (softmax(logits)[n,c] − [c = labels[n]]) for n < count, else 0',
  infer(inputs) {
    const [dLoss, logits, classes, count] = operands(inputs, ['dLoss', 'logits', 'labels', 'count'])
    const [N] = dims(logits, 'logits', ['N', 'C'])
    requireRealShape(dLoss, 'dLoss', [1], 'dLoss is one number.')
    requireLabels(classes, N)
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [logits]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 5 * elementCount(inputs[1]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 1]],
  samples: [
    { name: 'ten classes', inputs: [real(1), { ...real(4, 10), low: -3, high: 3 }, labels(4, 10), rowCount(4)], attributes: {} },
    { name: 'padded batch', inputs: [real(1), real(5, 3), labels(5, 3), rowCount(2)], attributes: {} },
  ],
  errors: [
    { inputs: [real(1), real(4, 10), labels(4, 10)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(1), real(4, 10), real(4), real(1)], attributes: {}, code: 'wrong_type' },
    { inputs: [real(2), real(4, 10), labels(4, 10), real(1)], attributes: {}, code: 'shape_mismatch' },
  ],
}
