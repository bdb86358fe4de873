// The sum of two tensors: joints of residual blocks, and where derivatives of a shared tensor meet.

import type { NoAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import type { Op } from './op.ts'
import { operands, real, requireReal, requireRealShape } from './operands.ts'

export const add: Op<NoAttributes> = {
  summary: 'Sum of two tensors of equal shape.',
  formula: 'y = a + b',
  infer(inputs) {
    const [a, b] = operands(inputs, ['a', 'b'])
    requireReal(a, 'a')
    requireRealShape(b, 'b', a.shape, 'Give both inputs the same shape; there is no broadcasting.')
    return [a]
  },
  derivative(_, { dOutputs: [dy = null], wants: [wantsA, wantsB] }) {
    return [wantsA ? dy : null, wantsB ? dy : null]
  },
  cost: perElement(1),
  inPlace: [
    [0, 0],
    [0, 1],
  ],
  samples: [
    { name: 'rows', inputs: [real(3, 5), real(3, 5)], attributes: {} },
    { name: 'images', inputs: [real(2, 3, 4, 1), real(2, 3, 4, 1)], attributes: {} },
  ],
  errors: [
    { inputs: [real(3)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3, 4), real(4, 3)], attributes: {}, code: 'shape_mismatch' },
  ],
}
