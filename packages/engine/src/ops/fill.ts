// A constant: the derivative of the loss by itself is fill([1], 1).

import type { OpAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput } from './shapes.ts'

export const fill: Op<OpAttributes<'fill'>> = {
  summary: 'A tensor of one value.',
  formula: 'y = value',
  infer: (_, { shape }) => [{ shape, type: 'real' }],
  derivative: null,
  cost: costPerOutput(0),
  inPlace: [],
  samples: [{ name: 'one', inputs: [], attributes: { shape: [1], value: 1 } }],
  errors: [],
}
