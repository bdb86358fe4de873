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

export function fromWireNumber(value: WireNumber): number {
  return Number(value)
}
