// Squared error of the rows that are real.

import type { SquaredErrorAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, expectShape, inputAt, real } from './shapes.ts'

export const squaredError: Op<SquaredErrorAttributes> = {
  summary: 'Squared error of the first `count` rows: prediction[N,…], target of the same shape, count[1] → loss[1].',
  formula: 'mean: loss = 1/(count · values per row) · Σ (prediction − target)²; half_sum: loss = ½ · 1/count · Σ (prediction − target)²',
  infer(inputs) {
    expectShape(inputs, 1, inputAt(inputs, 0).shape)
    expectShape(inputs, 2, [1])
    return [real(1)]
  },
  derivative(builder, { inputs, attributes, dOutputs, wants }) {
    const [prediction, target, count] = inputs
    const [dLoss] = dOutputs
    if (
      wants[0] !== true ||
      prediction === undefined ||
      target === undefined ||
      count === undefined ||
      dLoss === undefined ||
      dLoss === null
    ) {
      return [null, null, null]
    }
    const [dPrediction = null] = builder.emit('squared_error_backward', [dLoss, prediction, target, count], attributes)
    return [dPrediction, null, null]
  },
  cost: (inputs) => costPerOutput(3)(inputs, inputs.slice(0, 1)),
  inPlace: [],
  samples: [
    {
      name: 'mean, two of three rows',
      inputs: [real(3, 4), real(3, 4), { ...real(1), low: 2, high: 2 }],
      attributes: { reduction: 'mean' },
    },
    { name: 'half_sum', inputs: [real(2, 3), real(2, 3), { ...real(1), low: 2, high: 2 }], attributes: { reduction: 'half_sum' } },
    { name: 'images', inputs: [real(2, 1, 3, 3), real(2, 1, 3, 3), { ...real(1), low: 2, high: 2 }], attributes: { reduction: 'mean' } },
  ],
  errors: [{ inputs: [real(3, 4), real(3, 5), real(1)], attributes: { reduction: 'mean' }, code: 'shape_mismatch' }],
}
