// Inverted dropout. Source: Srivastava et al. 2014; whole channels: Tompson et al. 2015.

import type { DropoutAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { channelsOf } from './normalization.ts'
import { type Op, ShapeError } from './op.ts'
import { invalidAttribute, operands, real, requireReal, requireShape } from './operands.ts'

const half: DropoutAttributes = { rate: 0.5, unit: 'element', stream: 1 }
/** Seed and step. */
const KEY = { shape: [2], type: 'index', low: 1, high: 1000 } as const

export const dropout: Op<DropoutAttributes> = {
  summary:
    'Zeroes each element (or channel) with a probability and scales the rest, so that the expectation stays; also its own derivative.',
  formula:
    'y = x · mask / (1 − rate), mask ∈ {0, 1}: a pure function of seed, step, stream and position, so the backward pass draws the same one',
  infer(inputs, { rate, unit, stream }) {
    const [x, key] = operands(inputs, ['x', 'key'])
    requireReal(x, 'x')
    if (unit === 'channel') channelsOf(x)
    if (key.type !== 'index') {
      throw new ShapeError(
        'wrong_type',
        `key has elements of type ${key.type}, expected index`,
        'Use the key of the program: [seed, step].',
      )
    }
    requireShape(key, 'key', KEY.shape, 'Use the key of the program: [seed, step].')
    if (!(rate >= 0 && rate < 1)) throw invalidAttribute(`rate is ${rate}: expected 0 to below 1`, 'Use 0.5, the usual value.')
    if (!Number.isInteger(stream) || stream < 0 || stream > 0xffff_ffff) {
      throw invalidAttribute(`stream is ${stream}: expected a whole number from 0 to 2^32 − 1`, 'Use a hash of the layer’s name.')
    }
    return [x]
  },
  // y is linear in x, with the same factors in every step of the same key.
  derivative(builder, { inputs: [, key = 0], attributes, dOutputs: [dy = null] }) {
    return dy === null ? [null, null] : [...builder.emit('dropout', [dy, key], attributes), null]
  },
  cost: perElement(1),
  inPlace: [[0, 0]],
  samples: [
    { name: 'features', inputs: [real(5, 13), KEY], attributes: half },
    { name: 'rate 0.3', inputs: [real(3, 41), KEY], attributes: { ...half, rate: 0.3 } },
    { name: 'images', inputs: [real(2, 3, 5, 4), KEY], attributes: { ...half, rate: 0.25 } },
    { name: 'channels', inputs: [real(3, 5, 4, 3), KEY], attributes: { ...half, unit: 'channel' } },
    { name: 'nothing dropped', inputs: [real(3, 4), KEY], attributes: { ...half, rate: 0 } },
  ],
  errors: [
    { inputs: [real(3, 4)], attributes: half, code: 'wrong_arity' },
    { inputs: [real(3, 4), real(2)], attributes: half, code: 'wrong_type' },
    { inputs: [real(3, 4), { shape: [3], type: 'index' }], attributes: half, code: 'shape_mismatch' },
    { inputs: [real(3), KEY], attributes: { ...half, unit: 'channel' }, code: 'wrong_rank' },
    { inputs: [real(3, 4), KEY], attributes: { ...half, rate: 1 }, code: 'invalid_attribute' },
    { inputs: [real(3, 4), KEY], attributes: { ...half, stream: -1 }, code: 'invalid_attribute' },
  ],
}
