// Derivative of squared_error (mean: 1/(count · values) · Σ (prediction − target)²; half_sum: ½ · 1/count · Σ …) by the prediction.

import type { SquaredErrorAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, expectShape, inputAt, real } from './shapes.ts'

export const squaredErrorBackward: Op<SquaredErrorAttributes> = {
  summary: 'Derivative of squared_error: dLoss[1], prediction, target, count[1] → dPrediction; rows past count are 0.',
  formula: 'mean: 2 · dLoss / (count · values per row) · (prediction − target); half_sum: dLoss / count · (prediction − target)',
  infer(inputs) {
    expectShape(inputs, 0, [1])
    const prediction = inputAt(inputs, 1)
    expectShape(inputs, 2, prediction.shape)
    expectShape(inputs, 3, [1])
    return [prediction]
  },
  derivative: null,
  cost: costPerOutput(2),
  inPlace: [[0, 1]],
  samples: [
    {
      name: 'two of three rows are real',
      inputs: [real(1), real(3, 4), real(3, 4), { ...real(1), low: 2, high: 2 }],
      attributes: { reduction: 'mean' },
    },
  ],
  errors: [{ inputs: [real(1), real(3, 4), real(4, 3), real(1)], attributes: { reduction: 'mean' }, code: 'shape_mismatch' }],
}
