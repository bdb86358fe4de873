// Dates in tables: features count days, people read ISO 8601.

import { toWireFloat32, type WireNumber } from './number.ts'

const MS_PER_DAY = 86_400_000
const MS_PER_MINUTE = 60_000
/** Of ECMAScript's dates, from 1970-01-01 to both sides. */
const MS_MAX = 8.64e15

/**
 * Days since 1970-01-01 as a date (UTC); with the time, to the minute, where it is not midnight. A float32 of today's dates is exact to 84 seconds.
 * What is no date stays a number.
 *
 * @example toWireDate(19997) // '2024-10-01'
 * @example toWireDate(19997.5) // '2024-10-01T12:00Z'
 */
export function toWireDate(days: number): string | WireNumber {
  const ms = Math.round((days * MS_PER_DAY) / MS_PER_MINUTE) * MS_PER_MINUTE
  if (!(Math.abs(ms) <= MS_MAX)) return toWireFloat32(days)
  const text = new Date(ms).toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, -'T00:00:00.000Z'.length) : `${text.slice(0, -':00.000Z'.length)}Z`
}
