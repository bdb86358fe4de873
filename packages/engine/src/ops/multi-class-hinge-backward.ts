// Derivative of `multi_class_hinge` by the scores.

import { elementCount } from '../core/tensor.ts'
import type { MarginAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import { requireMargin } from './multi-class-hinge.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireLabels, requireRealShape } from './operands.ts'
import { labels, rowCount } from './softmax-cross-entropy.ts'

export const multiClassHingeBackward: Op<MarginAttributes> = {
  summary: 'Derivative of multi_class_hinge by scores; rows past count get 0.',
  // forward: loss = 1/(count·C) · Σ_{n<count} Σ_{c≠l} max(0, margin − scores[n,l] + scores[n,c])
  formula: 'dScores[n,c] = dLoss/(count·C) · [margin − scores[n,l] + scores[n,c] > 0] for c ≠ l; dScores[n,l] = −Σ_{c≠l} dScores[n,c]',
  infer(inputs, attributes) {
    const [dLoss, scores, classes, count] = operands(inputs, ['dLoss', 'scores', 'labels', 'count'])
    const [N] = dims(scores, 'scores', ['N', 'C'])
    requireRealShape(dLoss, 'dLoss', [1], 'dLoss is one number.')
    requireLabels(classes, N)
    requireRealShape(count, 'count', [1], 'count is one number.')
    requireMargin(attributes)
    return [scores]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 4 * elementCount(inputs[1]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'ten classes', inputs: [real(1), { ...real(4, 10), low: -3, high: 3 }, labels(4, 10), rowCount(4)], attributes: { margin: 1 } },
    { name: 'padded batch', inputs: [real(1), real(5, 3), labels(5, 3), rowCount(2)], attributes: { margin: 0.5 } },
  ],
  errors: [
    { inputs: [real(1), real(4, 10), labels(4, 10)], attributes: { margin: 1 }, code: 'wrong_arity' },
    { inputs: [real(1), real(4, 10), real(4), real(1)], attributes: { margin: 1 }, code: 'wrong_type' },
    { inputs: [real(2), real(4, 10), labels(4, 10), real(1)], attributes: { margin: 1 }, code: 'shape_mismatch' },
  ],
}
