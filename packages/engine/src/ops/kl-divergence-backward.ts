// Derivative of `kl_divergence` by the logits.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import { distributions } from './kl-divergence.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { rowCount } from './softmax-cross-entropy.ts'

export const klDivergenceBackward: Op<NoAttributes> = {
  summary: 'Derivative of kl_divergence by logits; rows past count get 0.',
  // forward: loss = 1/count · Σ_{n<count, c} target[n,c] · (ln target[n,c] − ln softmax(logits)[n,c])
  formula: 'dLogits[n,c] = dLoss/count · (softmax(logits)[n,c] · Σ_k target[n,k] − target[n,c]) for n < count, else 0',
  infer(inputs) {
    const [dLoss, logits, target, count] = operands(inputs, ['dLoss', 'logits', 'target', 'count'])
    dims(logits, 'logits', ['N', 'C'])
    requireRealShape(dLoss, 'dLoss', [1], 'dLoss is one number.')
    requireRealShape(target, 'target', logits.shape, 'Give one probability per class.')
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [logits]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 6 * elementCount(inputs[1]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 1]],
  samples: [
    { name: 'ten classes', inputs: [real(1), { ...real(4, 10), low: -3, high: 3 }, distributions(4, 10), rowCount(4)], attributes: {} },
    { name: 'padded batch', inputs: [real(1), real(5, 3), distributions(5, 3), rowCount(2)], attributes: {} },
  ],
  errors: [
    { inputs: [real(1), real(4, 10), real(4, 10)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(1), real(4, 10), real(4, 9), real(1)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(2), real(4, 10), real(4, 10), real(1)], attributes: {}, code: 'shape_mismatch' },
  ],
}
