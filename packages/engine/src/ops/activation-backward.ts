// Derivative of activation (y = f(x)) by x, from x or y as the table of activations says.

import type { ActivationAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, expectShape, inputAt, real } from './shapes.ts'

export const activationBackward: Op<ActivationAttributes> = {
  summary: 'Derivative of activation: dy, saved (x or y) → dx of the same shape.',
  formula: 'dx = dy · f′(saved)',
  infer(inputs) {
    const dy = inputAt(inputs, 0)
    expectShape(inputs, 1, dy.shape)
    return [dy]
  },
  derivative: null,
  cost: costPerOutput(2),
  inPlace: [[0, 0]],
  samples: [
    { name: 'relu', inputs: [real(3, 7), { ...real(3, 7), low: 0.1, high: 2 }], attributes: { function: 'relu', alpha: 0 } },
    { name: 'elu, image', inputs: [real(1, 17, 3, 3), real(1, 17, 3, 3)], attributes: { function: 'elu', alpha: 1.5 } },
    { name: 'tanh', inputs: [real(2, 5), { ...real(2, 5), low: -0.9, high: 0.9 }], attributes: { function: 'tanh', alpha: 0 } },
  ],
  errors: [{ inputs: [real(3, 4), real(4, 3)], attributes: { function: 'relu', alpha: 0 }, code: 'shape_mismatch' }],
}
