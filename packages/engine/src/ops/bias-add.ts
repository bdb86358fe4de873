// A bias per channel, for layers whose product does not add it on the way: transposed convolutions.

import type { TensorType } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { operands, real, requireReal, requireRealShape, show } from './operands.ts'

/** The channels of [N, C, …]. Throws ShapeError `wrong_rank` for less than two dimensions. */
export function channelsOf(type: TensorType, name: string): number {
  requireReal(type, name)
  const [, channels] = type.shape
  if (channels !== undefined) return channels
  const message = `${name} has shape ${show(type.shape)}, expected at least 2 dimensions [N, C, …]`
  throw new ShapeError('wrong_rank', message, 'Check the shape of the input that comes before it.')
}

export const biasAdd: Op<NoAttributes> = {
  summary: 'One bias per channel, added to every row and pixel.',
  formula: 'y[n,c,…] = x[n,c,…] + bias[c]',
  infer(inputs) {
    const [x, bias] = operands(inputs, ['x', 'bias'])
    requireRealShape(bias, 'bias', [channelsOf(x, 'x')], 'Give one bias per channel.')
    return [x]
  },
  derivative(builder, { dOutputs: [dy = null], wants: [wantsX, wantsBias] }) {
    if (dy === null) return [null, null]
    const [dBias = null] = wantsBias ? builder.emit('bias_backward', [dy], {}) : []
    return [wantsX ? dy : null, dBias]
  },
  cost: perElement(1),
  inPlace: [[0, 0]],
  samples: [
    { name: 'images', inputs: [real(2, 3, 4, 5), real(3)], attributes: {} },
    { name: '17 channels of one pixel', inputs: [real(1, 17, 1, 1), real(17)], attributes: {} },
    { name: 'rows', inputs: [real(4, 6), real(6)], attributes: {} },
  ],
  errors: [
    { inputs: [real(2, 3, 4, 5)], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(3), real(3)], attributes: {}, code: 'wrong_rank' },
    { inputs: [real(2, 3, 4, 5), real(5)], attributes: {}, code: 'shape_mismatch' },
  ],
}
