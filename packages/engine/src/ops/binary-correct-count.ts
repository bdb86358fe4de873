// How many rows a classifier with one logit per label gets right.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { rowCount } from './softmax-cross-entropy.ts'

export const binaryCorrectCount: Op<NoAttributes> = {
  summary: 'Rows among the first `count` whose logits are all on the side of their targets; targets are 0 and 1, or −1 and 1.',
  formula: 'correct = Σ_{n<count} Π_k [(logits[n,k] > 0) = (target[n,k] > ½)]',
  infer(inputs) {
    const [logits, target, count] = operands(inputs, ['logits', 'target', 'count'])
    dims(logits, 'logits', ['N', 'K'])
    requireRealShape(target, 'target', logits.shape, 'Give the model as many outputs as the target has values.')
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [real(1)]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'one logit', inputs: [real(9, 1), { ...real(9, 1), low: 0 }, rowCount(9)], attributes: {} },
    { name: 'three labels, padded batch', inputs: [real(9, 3), { ...real(9, 3), low: 0 }, rowCount(6)], attributes: {} },
  ],
  errors: [
    { inputs: [real(4, 1), real(4, 1)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(4, 1), { shape: [4], type: 'index' }, real(1)], attributes: {}, code: 'wrong_type' },
    { inputs: [real(4, 2), real(4, 1), real(1)], attributes: {}, code: 'shape_mismatch' },
  ],
}
