// The loss of classification, straight from logits.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op, SampleInput } from './op.ts'
import { dims, operands, real, requireLabels, requireRealShape } from './operands.ts'

/** Labels in [0, classes). */
export function labels(rows: number, classes: number): SampleInput {
  return { shape: [rows], type: 'index', low: 0, high: classes }
}

/** The number of real rows in a batch. */
export function rowCount(rows: number): SampleInput {
  return { ...real(1), low: rows, high: rows }
}

export const softmaxCrossEntropy: Op<NoAttributes> = {
  summary: 'Mean cross-entropy of softmax(logits) with class labels over the first `count` rows.',
  formula: 'loss = 1/count · Σ_{n<count} (m + ln Σ_c e^(logits[n,c] − m) − logits[n, labels[n]]), m the maximum of the row',
  infer(inputs) {
    const [logits, classes, count] = operands(inputs, ['logits', 'labels', 'count'])
    const [N] = dims(logits, 'logits', ['N', 'C'])
    requireLabels(classes, N)
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [real(1)]
  },
  derivative(builder, { inputs, dOutputs, wants }) {
    const [dLoss] = dOutputs
    if (dLoss === null || dLoss === undefined || !wants[0]) return [null, null, null]
    const [dLogits = null] = builder.emit('softmax_cross_entropy_backward', [dLoss, ...inputs], {})
    return [dLogits, null, null]
  },
  cost: (inputs, outputs) => ({ flops: 4 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'ten classes', inputs: [{ ...real(4, 10), low: -3, high: 3 }, labels(4, 10), rowCount(4)], attributes: {} },
    { name: 'padded batch', inputs: [real(5, 3), labels(5, 3), rowCount(2)], attributes: {} },
    { name: 'two classes, one row', inputs: [real(1, 2), labels(1, 2), rowCount(1)], attributes: {} },
  ],
  errors: [
    { inputs: [real(4, 10), labels(4, 10)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(4, 10), real(4), real(1)], attributes: {}, code: 'wrong_type' },
    { inputs: [real(4, 10), labels(3, 10), real(1)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(4, 1, 2, 5), labels(4, 10), real(1)], attributes: {}, code: 'wrong_rank' },
  ],
}
