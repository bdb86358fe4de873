// Numbers that may not be finite: JSON has none, so they travel as strings and are never lost.

import { z } from 'zod'

export const wireNumberSchema = z
  .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
  .meta({ description: 'A number; not-finite values are the strings "NaN", "Infinity" and "-Infinity".' })

export type WireNumber = z.infer<typeof wireNumberSchema>

/** @example toWireNumber(Number.NaN) // 'NaN' */
export function toWireNumber(value: number): WireNumber {
  if (Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}

/**
 * A value that was kept as float32, as the shortest decimal that is this float32 again: what its user had written, not its neighbour of 17 digits.
 * Any other number stays as it is.
 *
 * @example toWireFloat32(Math.fround(4.3)) // 4.3, where JSON would say 4.300000190734863
 */
export function toWireFloat32(value: number): WireNumber {
  if (!Number.isFinite(value) || Math.fround(value) !== value) return toWireNumber(value)
  // Nine digits tell any two float32 apart (IEEE 754-2008, 5.12.2).
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}

export function fromWireNumber(value: WireNumber): number {
  return Number(value)
}
