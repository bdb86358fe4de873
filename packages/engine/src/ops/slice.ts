// Some of the channels: the derivative of `concatenate`.

import type { OpAttributes } from './attributes.ts'
import { channelsOf } from './bias-add.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { invalidAttribute, operands, real } from './operands.ts'

export const slice: Op<OpAttributes<'slice'>> = {
  summary: 'Channels start to start + size.',
  // forward of concatenate: y[n,c,…] = x_i[n, c − start_i, …]
  formula: 'y[n,c,…] = x[n, start + c, …] for c < size',
  infer(inputs, { start, size }) {
    const [x] = operands(inputs, ['x'])
    const channels = channelsOf(x, 'x')
    if (!Number.isInteger(start) || !Number.isInteger(size) || start < 0 || size < 1 || start + size > channels) {
      const message = `start ${start} and size ${size}, expected whole numbers within the ${channels} channels`
      throw invalidAttribute(message, 'Use a part of the channels that there are.')
    }
    return [real(x.shape[0] ?? 1, size, ...x.shape.slice(2))]
  },
  derivative: null,
  cost: (inputs, outputs) => ({ flops: 0, bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'first channels', inputs: [real(2, 5, 3, 4)], attributes: { start: 0, size: 2 } },
    { name: '8 of 41 channels', inputs: [real(1, 41, 3, 2)], attributes: { start: 25, size: 8 } },
    { name: 'rows', inputs: [real(3, 7)], attributes: { start: 2, size: 5 } },
  ],
  errors: [
    { inputs: [], attributes: { start: 0, size: 1 }, code: 'wrong_arity' },
    { inputs: [real(3)], attributes: { start: 0, size: 1 }, code: 'wrong_rank' },
    { inputs: [real(3, 4)], attributes: { start: 2, size: 3 }, code: 'invalid_attribute' },
    { inputs: [real(3, 4)], attributes: { start: -1, size: 3 }, code: 'invalid_attribute' },
  ],
}
