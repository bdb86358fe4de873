// One step of stochastic gradient descent, in place, over a whole segment of parameters.

import type { SgdAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, expectShape, inputAt, real } from './shapes.ts'

const plain: SgdAttributes = { momentum: 0, nesterov: false, weightDecay: 0 }

export const sgdUpdate: Op<SgdAttributes> = {
  summary:
    'parameter, gradient, learningRate[1], velocity? → parameter, velocity?, both in place. Source: PyTorch SGD; Sutskever et al. 2013.',
  formula: 'g = gradient + weightDecay · parameter; v = momentum · v + g; parameter −= learningRate · (nesterov ? g + momentum · v : v)',
  infer(inputs, { momentum }) {
    const parameter = inputAt(inputs, 0)
    expectShape(inputs, 1, parameter.shape)
    expectShape(inputs, 2, [1])
    if (momentum === 0) return [parameter]
    expectShape(inputs, 3, parameter.shape)
    return [parameter, parameter]
  },
  derivative: null,
  cost: costPerOutput(4),
  inPlace: [
    [0, 0],
    [1, 3],
  ],
  samples: [
    { name: 'plain', inputs: [real(37), real(37), { ...real(1), low: 0.1, high: 0.2 }], attributes: plain },
    { name: 'decayed', inputs: [real(37), real(37), { ...real(1), low: 0.1, high: 0.2 }], attributes: { ...plain, weightDecay: 0.01 } },
    {
      name: 'momentum',
      inputs: [real(37), real(37), { ...real(1), low: 0.1, high: 0.2 }, real(37)],
      attributes: { ...plain, momentum: 0.9 },
    },
    {
      name: 'nesterov, decayed',
      inputs: [real(37), real(37), { ...real(1), low: 0.1, high: 0.2 }, real(37)],
      attributes: { momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    },
  ],
  errors: [
    { inputs: [real(4), real(5), real(1)], attributes: plain, code: 'shape_mismatch' },
    { inputs: [real(4), real(4), real(1)], attributes: { ...plain, momentum: 0.9 }, code: 'missing_input' },
  ],
}
