// The hinge loss of several classes: every wrong class must stay a margin below the right one.

import { elementCount } from '../core/tensor.ts'
import type { MarginAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, invalidAttribute, operands, real, requireLabels, requireRealShape } from './operands.ts'
import { labels, rowCount } from './softmax-cross-entropy.ts'

/** Throws ShapeError `invalid_attribute` for a margin that is no positive number. */
export function requireMargin({ margin }: MarginAttributes): void {
  if (!(margin > 0 && margin < Number.POSITIVE_INFINITY)) {
    throw invalidAttribute(`margin is ${margin}, expected a number above 0`, 'Use 1.')
  }
}

export const multiClassHinge: Op<MarginAttributes> = {
  // Crammer and Singer 2001 with a sum in place of the maximum (Weston and Watkins 1999); scaled as PyTorch's MultiMarginLoss.
  summary: 'Hinge loss of scores with class labels over the first `count` rows.',
  formula: 'loss = 1/(count·C) · Σ_{n<count} Σ_{c≠l} max(0, margin − scores[n,l] + scores[n,c]), l = labels[n]',
  infer(inputs, attributes) {
    const [scores, classes, count] = operands(inputs, ['scores', 'labels', 'count'])
    const [N] = dims(scores, 'scores', ['N', 'C'])
    requireLabels(classes, N)
    requireRealShape(count, 'count', [1], 'count is one number.')
    requireMargin(attributes)
    return [real(1)]
  },
  derivative(builder, { inputs, attributes, dOutputs, wants }) {
    const [dLoss] = dOutputs
    if (dLoss === null || dLoss === undefined || !wants[0]) return [null, null, null]
    const [dScores = null] = builder.emit('multi_class_hinge_backward', [dLoss, ...inputs], attributes)
    return [dScores, null, null]
  },
  cost: (inputs, outputs) => ({ flops: 4 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'ten classes', inputs: [{ ...real(4, 10), low: -3, high: 3 }, labels(4, 10), rowCount(4)], attributes: { margin: 1 } },
    { name: 'padded batch', inputs: [real(5, 3), labels(5, 3), rowCount(2)], attributes: { margin: 0.5 } },
  ],
  errors: [
    { inputs: [real(4, 10), labels(4, 10)], attributes: { margin: 1 }, code: 'wrong_arity' },
    { inputs: [real(4, 10), real(4), real(1)], attributes: { margin: 1 }, code: 'wrong_type' },
    { inputs: [real(4, 10), labels(4, 10), real(1)], attributes: { margin: 0 }, code: 'invalid_attribute' },
  ],
}
