import { expect, it } from 'vitest'
import { parseRange } from './byte-range.ts'

// RFC 9110, 14.1.2 and 14.2, on a file of 1,000 bytes.
it.each([
  [undefined, null],
  ['bytes=0-499', { start: 0, end: 499 }],
  ['bytes=500-', { start: 500, end: 999 }],
  ['bytes=-500', { start: 500, end: 999 }],
  ['bytes=-2000', { start: 0, end: 999 }],
  ['bytes=990-2000', { start: 990, end: 999 }],
  ['bytes=1000-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', null],
  ['bytes=0-1,5-6', null],
  ['bytes=-', null],
  ['lines=0-1', null],
])('%s', (header, range) => {
  expect(parseRange(header, 1000)).toEqual(range)
})
