// The running statistics of a batch normalization, which evaluation and prediction normalize with.

import type { RunningStatisticsAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { EPSILON, requireEach, requireEpsilon } from './normalization.ts'
import type { Op } from './op.ts'
import { invalidAttribute, operands, real, requireReal } from './operands.ts'

const usual: RunningStatisticsAttributes = { momentum: 0.1, epsilon: EPSILON, values: 12 }
const inverseStd = { low: 0.5, high: 1.5 }

export const runningStatistics: Op<RunningStatisticsAttributes> = {
  summary: 'Exponential averages of the statistics that batch_norm computed, in place: the outputs are the first two inputs.',
  // PyTorch's form: momentum is the weight of the new value, and the variance is the unbiased one.
  formula:
    'runningMean ← (1 − momentum)·runningMean + momentum·mean; runningVariance ← (1 − momentum)·runningVariance + momentum·(1/inverseStd² − epsilon)·values/(values − 1)',
  infer(inputs, attributes) {
    const [runningMean, runningVariance, mean, inverse] = operands(inputs, ['runningMean', 'runningVariance', 'mean', 'inverseStd'])
    requireReal(runningMean, 'runningMean')
    requireEach({ runningVariance, mean, inverseStd: inverse }, runningMean.shape, 'Use the statistics of the same channels.')
    const { momentum, values } = attributes
    requireEpsilon(attributes)
    if (!(momentum >= 0 && momentum <= 1)) throw invalidAttribute(`momentum is ${momentum}: expected 0 to 1`, 'Use 0.1.')
    if (!Number.isInteger(values) || values < 1) {
      throw invalidAttribute(`values is ${values}: expected a whole number from 1`, 'Use the number of values per channel.')
    }
    return [runningMean, runningVariance]
  },
  derivative: null,
  updates: [0, 1],
  cost: perElement(9),
  inPlace: [
    [0, 0],
    [1, 1],
  ],
  samples: [
    { name: 'usual', inputs: [real(5), real(5), real(5), { ...real(5), ...inverseStd }], attributes: usual },
    {
      name: 'one value per channel',
      inputs: [real(1), real(1), real(1), { ...real(1), ...inverseStd }],
      attributes: { ...usual, values: 1 },
    },
  ],
  errors: [
    { inputs: [real(5), real(5), real(5)], attributes: usual, code: 'wrong_arity' },
    { inputs: [real(5), real(5), real(4), real(5)], attributes: usual, code: 'shape_mismatch' },
    { inputs: [real(5), real(5), real(5), real(5)], attributes: { ...usual, momentum: 2 }, code: 'invalid_attribute' },
    { inputs: [real(5), real(5), real(5), real(5)], attributes: { ...usual, values: 0 }, code: 'invalid_attribute' },
    { inputs: [real(5), real(5), real(5), real(5)], attributes: { ...usual, epsilon: 0 }, code: 'invalid_attribute' },
  ],
}
