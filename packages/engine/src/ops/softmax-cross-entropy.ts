// Categorical cross-entropy from logits, the mean over the rows that are real (the last batch of an epoch may be padded).

import type { TensorType } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { type Op, ShapeError } from './op.ts'
import { costPerOutput, dimensions, expectShape, inputAt, real } from './shapes.ts'

/** Checks logits[N,C], labels[N], count[1] from a position on. */
export function expectLogitsAndLabels(inputs: readonly TensorType[], from = 0): readonly number[] {
  const [n = 0, c = 0] = dimensions(inputs, from, 2)
  expectShape(inputs, from + 1, [n])
  expectShape(inputs, from + 2, [1])
  if (inputAt(inputs, from + 1).type !== 'index') {
    throw new ShapeError('wrong_type', 'labels are real numbers; expected class indices', 'Use a loss for values, such as squared_error.')
  }
  return [n, c]
}

export const softmaxCrossEntropy: Op<NoAttributes> = {
  summary: 'Mean cross-entropy of the first `count` rows: logits[N,C], labels[N], count[1] → loss[1].',
  formula: 'loss = 1/count · Σ (ln Σ e^logits − logits[label])',
  infer(inputs) {
    expectLogitsAndLabels(inputs)
    return [real(1)]
  },
  derivative(builder, { inputs, dOutputs, wants }) {
    const [logits, labels, count] = inputs
    const [dLoss] = dOutputs
    if (wants[0] !== true || logits === undefined || labels === undefined || count === undefined || dLoss === undefined || dLoss === null) {
      return [null, null, null]
    }
    const [dLogits = null] = builder.emit('softmax_cross_entropy_backward', [dLoss, logits, labels, count], {})
    return [dLogits, null, null]
  },
  cost: (inputs) => costPerOutput(4)(inputs, inputs.slice(0, 1)),
  inPlace: [],
  samples: [
    {
      name: 'rows',
      inputs: [
        { ...real(4, 5), low: -3, high: 3 },
        { shape: [4], type: 'index', low: 0, high: 5 },
        { ...real(1), low: 4, high: 4 },
      ],
      attributes: {},
    },
    {
      name: 'two of three rows are real',
      inputs: [
        { ...real(3, 2), low: -3, high: 3 },
        { shape: [3], type: 'index', low: 0, high: 2 },
        { ...real(1), low: 2, high: 2 },
      ],
      attributes: {},
    },
  ],
  errors: [
    { inputs: [real(4, 5), { shape: [3], type: 'index' }, real(1)], attributes: {}, code: 'shape_mismatch' },
    { inputs: [real(4, 5), real(4), real(1)], attributes: {}, code: 'wrong_type' },
  ],
}
