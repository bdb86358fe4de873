import { expect, it } from 'vitest'
import { formatPercent, formatSeconds, formatTable } from './format.ts'

it.each([
  [0.25, '0.3 s'],
  [9.94, '9.9 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [754, '12 min 34 s'],
])('%d s is %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text)
})

it('rounds shares and aligns tables', () => {
  expect(formatPercent(0.98765)).toBe('98.77 %')
  expect(
    formatTable([
      ['job', 'accuracy'],
      ['MNIST', '99 %'],
    ]),
  ).toBe('  job     accuracy\n  ─────   ────────\n  MNIST   99 %')
})
