import { describe, expect, it } from 'vitest'
import { toWireDate } from './date.ts'

describe('days since 1970', () => {
  it('are dates', () => {
    // 2024-10-01 is 54 years, 14 of them leap years to this day, and 274 days of 2024 after 1970: `date -u -d @$((19997 * 86400))`.
    expect(toWireDate(19_997)).toBe('2024-10-01')
    expect(toWireDate(0)).toBe('1970-01-01')
    expect(toWireDate(-1)).toBe('1969-12-31')
  })

  it('have a time where it is not midnight, to the minute', () => {
    expect(toWireDate(19_997.5)).toBe('2024-10-01T12:00Z')
    expect(toWireDate(0.25 + 1 / 1440 + 0.0001)).toBe('1970-01-01T06:01Z')
  })

  it('stay numbers where they are no dates', () => {
    expect(toWireDate(1e9)).toBe(1e9)
    expect(toWireDate(Number.NaN)).toBe('NaN')
  })
})
