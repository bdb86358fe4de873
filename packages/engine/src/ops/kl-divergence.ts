// The Kullback–Leibler divergence of softmax(logits) from given distributions: soft labels, a teacher's predictions.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op, SampleInput } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { rowCount } from './softmax-cross-entropy.ts'

/** Positive targets; they need not sum to 1. */
export function distributions(rows: number, classes: number): SampleInput {
  return { ...real(rows, classes), low: 0.01, high: 0.5 }
}

export const klDivergence: Op<NoAttributes> = {
  // Kullback and Leibler 1951; as PyTorch's KLDivLoss(reduction='batchmean') of log_softmax(logits).
  summary: 'Kullback–Leibler divergence of softmax(logits) from target distributions over the first `count` rows.',
  formula: 'loss = 1/count · Σ_{n<count, c} target[n,c] · (ln target[n,c] − ln softmax(logits)[n,c]); terms with target 0 are 0',
  infer(inputs) {
    const [logits, target, count] = operands(inputs, ['logits', 'target', 'count'])
    dims(logits, 'logits', ['N', 'C'])
    requireRealShape(target, 'target', logits.shape, 'Give one probability per class.')
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [real(1)]
  },
  derivative(builder, { inputs, dOutputs, wants }) {
    const [dLoss] = dOutputs
    if (dLoss === null || dLoss === undefined || !wants[0]) return [null, null, null]
    const [dLogits = null] = builder.emit('kl_divergence_backward', [dLoss, ...inputs], {})
    return [dLogits, null, null]
  },
  cost: (inputs, outputs) => ({ flops: 7 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'ten classes', inputs: [{ ...real(4, 10), low: -3, high: 3 }, distributions(4, 10), rowCount(4)], attributes: {} },
    { name: 'padded batch', inputs: [real(5, 3), distributions(5, 3), rowCount(2)], attributes: {} },
  ],
  errors: [
    { inputs: [real(4, 10), real(4, 10)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(4, 10), real(4, 9), real(1)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(4, 1, 2, 5), real(4, 10), real(1)], attributes: {}, code: 'wrong_rank' },
  ],
}
