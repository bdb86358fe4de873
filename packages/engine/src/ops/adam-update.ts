// One step of Adam or AdamW, in place, over a whole segment of parameters.

import type { AdamAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, expectShape, inputAt, real } from './shapes.ts'

const plain: AdamAttributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false }
const inputs = [
  real(37),
  real(37),
  { ...real(1), low: 0.1, high: 0.2 },
  { ...real(2), low: 0.1, high: 0.9 },
  real(37),
  { ...real(37), low: 0.01, high: 1 },
]

export const adamUpdate: Op<AdamAttributes> = {
  summary:
    'parameter, gradient, learningRate[1], biasCorrection[2] = [1 − β1^t, 1 − β2^t], m, v → parameter, m, v, in place. Source: Kingma and Ba 2015; Loshchilov and Hutter 2019.',
  formula: 'm = β1·m + (1 − β1)·g; v = β2·v + (1 − β2)·g²; parameter −= learningRate · (m / c1) / (√(v / c2) + ε)',
  infer(types) {
    const parameter = inputAt(types, 0)
    expectShape(types, 1, parameter.shape)
    expectShape(types, 2, [1])
    expectShape(types, 3, [2])
    expectShape(types, 4, parameter.shape)
    expectShape(types, 5, parameter.shape)
    return [parameter, parameter, parameter]
  },
  derivative: null,
  cost: costPerOutput(12),
  inPlace: [
    [0, 0],
    [1, 4],
    [2, 5],
  ],
  samples: [
    { name: 'plain', inputs, attributes: plain },
    { name: 'decay in the gradient', inputs, attributes: { ...plain, weightDecay: 0.01 } },
    { name: 'decoupled decay', inputs, attributes: { ...plain, weightDecay: 0.01, decoupled: true } },
  ],
  errors: [{ inputs: inputs.slice(0, 5), attributes: plain, code: 'missing_input' }],
}
