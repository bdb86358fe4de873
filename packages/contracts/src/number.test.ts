import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromWireNumber, toWireFloat32, toWireNumber, wireNumberSchema } from './number.ts'

it.each([
  [1.5, 1.5],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
] as const)('%d travels as %j', (value, wire) => {
  expect(toWireNumber(value)).toBe(wire)
  expect(wireNumberSchema.parse(JSON.parse(JSON.stringify(wire)))).toBe(wire)
  expect(fromWireNumber(wire)).toBe(value)
})

it.each([
  [4.3, 4.3],
  [0.1, 0.1],
  [16_777_217.5, 16_777_218],
  [3.4028234663852886e38, 3.4028235e38],
  [Number.NaN, 'NaN'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
] as const)('%d, kept as float32, is shown as %j', (value, shown) => {
  expect(toWireFloat32(Math.fround(value))).toBe(shown)
})

it('shows numbers that are no float32 as they are', () => {
  expect(toWireFloat32(0.1)).toBe(0.1)
  expect(toWireFloat32(1 / 3)).toBe(1 / 3)
})

it('shows every float32 by a decimal of at most nine digits that is this float32 again', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const shown = toWireFloat32(value)
      expect(Math.fround(Number(shown)) === value).toBe(true)
      const digits = String(shown)
        .replace(/e.*|[-.]/g, '')
        .replace(/^0+|0+$/g, '')
      expect(digits.length).toBeLessThanOrEqual(9)
    }),
    { numRuns: 2000 },
  )
})
