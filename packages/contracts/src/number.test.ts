import { expect, it } from 'vitest'
import { fromWireNumber, toWireNumber, wireNumberSchema } from './number.ts'

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
