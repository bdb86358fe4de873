// Derivative of `activation`.

import { ACTIVATION_SAMPLES, requireAlpha } from './activation.ts'
import type { ActivationAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import type { Op } from './op.ts'
import { operands, real, requireReal, requireRealShape } from './operands.ts'

/** Outputs of sigmoid and tanh lie in (0, 1) and (−1, 1); values within both serve every function as x or y. */
const SAVED = { low: 0.05, high: 0.95 }

export const activationBackward: Op<ActivationAttributes> = {
  summary: 'Derivative of activation, from its output where that suffices, else from its input.',
  // forward: y = f(x)
  formula: "dx = dy · f'(saved)",
  infer(inputs, attributes) {
    const [dy, saved] = operands(inputs, ['dy', 'saved'])
    requireReal(dy, 'dy')
    requireRealShape(saved, 'saved', dy.shape, 'Use the tensor that the forward op saved.')
    requireAlpha(attributes)
    return [dy]
  },
  derivative: null,
  cost: perElement(2),
  inPlace: [
    [0, 0],
    [0, 1],
  ],
  samples: ACTIVATION_SAMPLES.map((attributes) => ({
    name: attributes.function,
    inputs: [real(3, 7), { ...real(3, 7), ...SAVED }],
    attributes,
  })),
  errors: [
    { inputs: [real(3)], attributes: { function: 'relu', alpha: 0 }, code: 'wrong_arity' },
    { inputs: [real(3), real(4)], attributes: { function: 'relu', alpha: 0 }, code: 'shape_mismatch' },
    { inputs: [real(3), real(3)], attributes: { function: 'elu', alpha: Number.NaN }, code: 'invalid_attribute' },
  ],
}
