// Scales the gradient of a segment down where the gradient of the whole model is too long.

import { elementCount } from '../core/tensor.ts'
import type { ClipAttributes } from './attributes.ts'
import { requireBound } from './clip-by-value.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireReal } from './operands.ts'

export const clipByNorm: Op<ClipAttributes> = {
  summary: 'Scales the gradient down where the length of all segments together exceeds the bound, in place: the output is the gradient.',
  // Pascanu, Mikolov and Bengio 2013; the 1e-6 is that of PyTorch's clip_grad_norm_.
  formula: 'gradient ← gradient · min(1, bound / (√Σ_i norms[i]² + 1e-6))',
  infer(inputs, attributes) {
    const [gradient, norms] = operands(inputs, ['gradient', 'norms'])
    requireReal(gradient, 'gradient')
    dims(norms, 'norms', ['segments'])
    requireBound(attributes)
    return [gradient]
  },
  derivative: null,
  updates: [0],
  cost: (inputs, outputs) => ({ flops: elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 0]],
  samples: [
    { name: 'longer than the bound', inputs: [real(17), { ...real(2), low: 1, high: 3 }], attributes: { bound: 0.5 } },
    { name: 'shorter than the bound', inputs: [real(7), { ...real(1), low: 0.1, high: 0.2 }], attributes: { bound: 0.5 } },
  ],
  errors: [
    { inputs: [real(7)], attributes: { bound: 1 }, code: 'wrong_arity' },
    { inputs: [real(7), real(1, 1)], attributes: { bound: 1 }, code: 'wrong_rank' },
    { inputs: [real(7), real(1)], attributes: { bound: Number.NaN }, code: 'invalid_attribute' },
  ],
}
