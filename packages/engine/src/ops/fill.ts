// A constant, such as the 1 that every derivative starts from.

import { elementCount } from '../core/tensor.ts'
import type { OpAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { invalidAttribute, operands, show } from './operands.ts'

export const fill: Op<OpAttributes<'fill'>> = {
  summary: 'A tensor of one value.',
  formula: 'y = value',
  infer(inputs, { shape }) {
    operands(inputs, [])
    if (!shape.every((size) => Number.isInteger(size) && size > 0)) {
      throw invalidAttribute(`shape ${show(shape)}: expected whole numbers of at least 1`, 'Use positive whole numbers.')
    }
    return [{ shape, type: 'real' }]
  },
  derivative: null,
  cost: (_, outputs) => ({ flops: elementCount(outputs[0]?.shape ?? []), bytes: operandBytes([], outputs) }),
  inPlace: [],
  samples: [
    { name: 'one', inputs: [], attributes: { shape: [1], value: 1 } },
    { name: 'image', inputs: [], attributes: { shape: [2, 3, 4, 5], value: -0.5 } },
  ],
  errors: [{ inputs: [], attributes: { shape: [0], value: 1 }, code: 'invalid_attribute' }],
}
