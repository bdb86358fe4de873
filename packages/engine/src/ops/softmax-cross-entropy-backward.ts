// Derivative of softmax_cross_entropy (loss = 1/count · Σ (ln Σ e^logits − logits[label])) by the logits.

import type { NoAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, expectShape, real } from './shapes.ts'
import { expectLogitsAndLabels } from './softmax-cross-entropy.ts'

export const softmaxCrossEntropyBackward: Op<NoAttributes> = {
  summary: 'Derivative of softmax_cross_entropy: dLoss[1], logits[N,C], labels[N], count[1] → dLogits[N,C]; rows past count are 0.',
  formula: 'dLogits = dLoss / count · (softmax(logits) − onehot(label))',
  infer(inputs) {
    expectShape(inputs, 0, [1])
    return [real(...expectLogitsAndLabels(inputs, 1))]
  },
  derivative: null,
  cost: costPerOutput(5),
  inPlace: [[0, 1]],
  samples: [
    {
      name: 'two of three rows are real',
      inputs: [
        real(1),
        { ...real(3, 10), low: -3, high: 3 },
        { shape: [3], type: 'index', low: 0, high: 10 },
        { ...real(1), low: 2, high: 2 },
      ],
      attributes: {},
    },
  ],
  errors: [{ inputs: [real(2), real(4, 5), { shape: [4], type: 'index' }, real(1)], attributes: {}, code: 'shape_mismatch' }],
}
