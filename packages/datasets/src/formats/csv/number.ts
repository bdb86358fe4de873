// Decimal numbers straight from bytes, correctly rounded: short ones by the exact fast path of Clinger (PLDI 1990), the rest by `Number`.

/** Powers of ten that float64 holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
const EXACT_POWER_MAX = 22
/** Integers up to this are exact in float64. */
const EXACT_INTEGER_MAX = 2 ** 53

const ZERO = 48
const NINE = 57
const PLUS = 43
const MINUS = 45
const POINT = 46
const LETTER_E = 101
const LOWER_CASE = 32

/**
 * The number that bytes `start` to `end` spell, or NaN. Decimal notation only: no hexadecimal, no decimal comma, no "Infinity".
 * @example parseDecimal(Buffer.from('-1.5e3'), 0, 6) // -1500
 */
export function parseDecimal(bytes: Buffer, start: number, end: number): number {
  let i = start
  let byte = bytes[i] as number
  const isNegative = byte === MINUS
  if (isNegative || byte === PLUS) byte = bytes[++i] as number
  let mantissa = 0
  let digits = 0
  let scale = 0
  while (i < end && byte >= ZERO && byte <= NINE) {
    mantissa = mantissa * 10 + (byte - ZERO)
    digits++
    byte = bytes[++i] as number
  }
  if (i < end && byte === POINT) {
    byte = bytes[++i] as number
    while (i < end && byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO)
      digits++
      scale--
      byte = bytes[++i] as number
    }
  }
  if (digits === 0) return Number.NaN
  if (i < end) {
    if ((byte | LOWER_CASE) !== LETTER_E) return Number.NaN
    byte = bytes[++i] as number
    const isSmall = byte === MINUS
    if (isSmall || byte === PLUS) byte = bytes[++i] as number
    if (i >= end) return Number.NaN
    let exponent = 0
    while (i < end && byte >= ZERO && byte <= NINE) {
      // Beyond 9,999 every number is 0 or Infinity; the slow path decides which.
      if (exponent < 10_000) exponent = exponent * 10 + (byte - ZERO)
      byte = bytes[++i] as number
    }
    if (i < end) return Number.NaN
    scale += isSmall ? -exponent : exponent
  }
  if (mantissa <= EXACT_INTEGER_MAX && scale >= -EXACT_POWER_MAX && scale <= EXACT_POWER_MAX) {
    const value = scale < 0 ? mantissa / (EXACT_POWERS[-scale] as number) : mantissa * (EXACT_POWERS[scale] as number)
    return isNegative ? -value : value
  }
  return Number(bytes.toString('latin1', start, end))
}
