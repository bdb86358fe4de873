// How many rows a classifier gets right.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireLabels, requireRealShape } from './operands.ts'
import { labels, rowCount } from './softmax-cross-entropy.ts'

export const correctCount: Op<NoAttributes> = {
  summary: 'Rows among the first `count` whose largest logit is the label; the first of equal ones wins.',
  formula: 'correct = Σ_{n<count} [argmax_c logits[n,c] = labels[n]]',
  infer(inputs) {
    const [logits, classes, count] = operands(inputs, ['logits', 'labels', 'count'])
    const [N] = dims(logits, 'logits', ['N', 'C'])
    requireLabels(classes, N)
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [real(1)]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'three classes', inputs: [real(9, 3), labels(9, 3), rowCount(9)], attributes: {} },
    { name: 'padded batch', inputs: [real(9, 2), labels(9, 2), rowCount(4)], attributes: {} },
  ],
  errors: [
    { inputs: [real(4, 10), labels(4, 10)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(4, 10), real(4), real(1)], attributes: {}, code: 'wrong_type' },
    { inputs: [real(4, 10), labels(3, 10), real(1)], attributes: {}, code: 'shape_mismatch' },
  ],
}
