// The sum of two tensors of equal shape: residual joints, and gradients of a value that is used twice.

import type { NoAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, expectShape, inputAt, real } from './shapes.ts'

export const add: Op<NoAttributes> = {
  summary: 'Sum of two tensors of equal shape.',
  formula: 'y = a + b',
  infer(inputs) {
    const a = inputAt(inputs, 0)
    expectShape(inputs, 1, a.shape)
    return [a]
  },
  derivative: (_, { dOutputs, wants }) => wants.map((wanted) => (wanted ? (dOutputs[0] ?? null) : null)),
  cost: costPerOutput(1),
  inPlace: [
    [0, 0],
    [0, 1],
  ],
  samples: [
    { name: 'rows', inputs: [real(3, 5), real(3, 5)], attributes: {} },
    { name: 'image with 17 channels', inputs: [real(1, 17, 3, 3), real(1, 17, 3, 3)], attributes: {} },
  ],
  errors: [{ inputs: [real(4, 4), real(4, 5)], attributes: {}, code: 'shape_mismatch' }],
}
