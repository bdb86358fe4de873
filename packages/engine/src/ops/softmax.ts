// Probabilities from logits, for predictions. Training uses softmax_cross_entropy, which needs no probabilities.

import type { NoAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, dimensions, real } from './shapes.ts'

export const softmax: Op<NoAttributes> = {
  summary: 'Row-wise softmax: x[N,C] → y[N,C].',
  formula: 'y = e^(x − max x) / Σ e^(x − max x)',
  infer: (inputs) => [real(...dimensions(inputs, 0, 2))],
  derivative: null,
  cost: costPerOutput(4),
  inPlace: [[0, 0]],
  samples: [
    { name: 'rows', inputs: [{ ...real(3, 10), low: -4, high: 4 }], attributes: {} },
    { name: 'large logits', inputs: [{ ...real(2, 3), low: 80, high: 100 }], attributes: {} },
  ],
  errors: [{ inputs: [real(2, 3, 4, 4)], attributes: {}, code: 'wrong_rank' }],
}
