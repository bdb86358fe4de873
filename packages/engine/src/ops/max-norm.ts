// A bound on the length of the incoming weights of each unit.

import { elementCount } from '../core/tensor.ts'
import type { ClipAttributes } from './attributes.ts'
import { requireBound } from './clip-by-value.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { operands, real, requireReal, show } from './operands.ts'

export const maxNorm: Op<ClipAttributes> = {
  // Srivastava et al. 2014, section 5.1; PyTorch: torch.renorm(weight, 2, 0, bound) without its 1e-7.
  summary: 'Scales the weights of each unit (dimension 0) down to a length of at most bound, in place: the output is the weight.',
  formula: 'weight[k] ← weight[k] · min(1, bound / ‖weight[k]‖₂)',
  infer(inputs, attributes) {
    const [weight] = operands(inputs, ['weight'])
    requireReal(weight, 'weight')
    if (weight.shape.length < 2) {
      throw new ShapeError(
        'wrong_rank',
        `weight has shape ${show(weight.shape)}, expected [K, …]`,
        'Use the weights of a layer, not its bias.',
      )
    }
    requireBound(attributes)
    return [weight]
  },
  derivative: null,
  updates: [0],
  cost: (inputs, outputs) => ({ flops: 3 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 0]],
  samples: [
    { name: 'dense', inputs: [real(5, 7)], attributes: { bound: 1.5 } },
    { name: 'convolution', inputs: [real(3, 2, 3, 3)], attributes: { bound: 2.4 } },
  ],
  errors: [
    { inputs: [], attributes: { bound: 1 }, code: 'wrong_arity' },
    { inputs: [real(7)], attributes: { bound: 1 }, code: 'wrong_rank' },
    { inputs: [real(2, 2)], attributes: { bound: -1 }, code: 'invalid_attribute' },
  ],
}
