// How many of the real rows have their largest logit at the label.

import type { NoAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, real } from './shapes.ts'
import { expectLogitsAndLabels } from './softmax-cross-entropy.ts'

export const correctCount: Op<NoAttributes> = {
  summary:
    'Rows among the first `count` whose largest logit (the first of equals) is the label: logits[N,C], labels[N], count[1] → correct[1].',
  formula: 'correct = Σ [argmax logits = label]',
  infer(inputs) {
    expectLogitsAndLabels(inputs)
    return [real(1)]
  },
  derivative: null,
  cost: (inputs) => costPerOutput(1)(inputs, inputs.slice(0, 1)),
  inPlace: [],
  samples: [
    {
      name: 'two of three rows are real',
      inputs: [
        { ...real(3, 4), distinct: true },
        { shape: [3], type: 'index', low: 0, high: 4 },
        { ...real(1), low: 2, high: 2 },
      ],
      attributes: {},
    },
  ],
  errors: [{ inputs: [real(4, 5), { shape: [3], type: 'index' }, real(1)], attributes: {}, code: 'shape_mismatch' }],
}
