// Derivative of `bias_add` by the bias.

import type { NoAttributes } from './attributes.ts'
import { channelsOf } from './bias-add.ts'
import { perElement } from './cost.ts'
import type { Op } from './op.ts'
import { operands, real } from './operands.ts'

export const biasBackward: Op<NoAttributes> = {
  summary: 'Derivative of bias_add by bias: the sum of each channel.',
  // forward: y[n,c,…] = x[n,c,…] + bias[c]
  formula: 'dBias[c] = Σ_{n,…} dy[n,c,…]',
  infer(inputs) {
    const [dy] = operands(inputs, ['dy'])
    return [real(channelsOf(dy, 'dy'))]
  },
  derivative: null,
  cost: perElement(1),
  inPlace: [],
  samples: [
    { name: 'images', inputs: [real(2, 3, 4, 5)], attributes: {} },
    { name: '17 channels of one pixel', inputs: [real(1, 17, 1, 1)], attributes: {} },
    { name: 'rows', inputs: [real(4, 6)], attributes: {} },
  ],
  errors: [
    { inputs: [], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3)], attributes: {}, code: 'wrong_rank' },
  ],
}
