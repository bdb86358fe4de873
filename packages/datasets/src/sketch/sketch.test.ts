import { fillNormal } from '@trainyard/engine/random'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashText } from '../hash/murmur.ts'
import { HyperLogLog } from './hyper-log-log.ts'
import { QuantileSketch } from './quantiles.ts'
import { ValueCounts } from './value-counts.ts'

describe('HyperLogLog', () => {
  it.each([0, 1, 100, 5000, 20_000, 1_000_000])('estimates %d within five standard errors', (n) => {
    const sketch = new HyperLogLog()
    for (let i = 0; i < n; i++) for (let copy = 0; copy < (i % 3 === 0 ? 2 : 1); copy++) sketch.add(hashText(String(i)))
    expect(Math.abs(sketch.estimate() - n)).toBeLessThanOrEqual(5 * 0.01625 * n)
  })
})

describe('QuantileSketch', () => {
  it('is exact for few values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 1000 }), (values) => {
        const sketch = new QuantileSketch()
        for (const value of values) sketch.add(value)
        const sorted = values.toSorted((a, b) => a - b)
        const ranks = [0, 0.25, 0.5, 0.75, 1]
        // The smallest value that at least that share of the values does not exceed.
        const expected = ranks.map((rank) => sorted[Math.max(0, Math.ceil(rank * values.length) - 1)])
        expect(sketch.quantiles(ranks).map((value) => value + 0)).toEqual(expected.map((value) => (value ?? Number.NaN) + 0))
      }),
    )
  })

  it.each(['sorted', 'reversed', 'normal'])('has ranks within 1.5 %% of a million values, %s', (order) => {
    const n = 1_000_000
    const values = new Float64Array(n)
    if (order === 'normal') fillNormal({ seed: 3, purpose: 'subset' }, values)
    else for (let i = 0; i < n; i++) values[i] = order === 'sorted' ? i : n - i
    const sketch = new QuantileSketch()
    for (const value of values) sketch.add(value)
    const sorted = values.slice().sort()
    for (const rank of [0.01, 0.25, 0.5, 0.75, 0.99]) {
      const [value = Number.NaN] = sketch.quantiles([rank])
      const low = lowerBound(sorted, value) / n
      expect(Math.abs(low - rank)).toBeLessThan(0.015)
    }
  })

  it('has no answer for nothing', () => {
    expect(new QuantileSketch().quantiles([0.5])).toEqual([Number.NaN])
  })
})

describe('ValueCounts', () => {
  it('counts exactly while there are few values', () => {
    const counts = new ValueCounts()
    for (let i = 0; i < 10_000; i++) counts.add((i * i) % 10)
    // Squares modulo 10: 0 and 5 once, 1, 4, 6 and 9 twice in ten.
    expect(counts.distinct).toEqual({ count: 6, exact: true })
    expect(counts.top(5)).toEqual([1, 4, 6, 9].map((value) => ({ value, count: 2000 })).concat([{ value: 0, count: 1000 }]))
    counts.add(-0)
    expect(counts.distinct.count).toBe(6)
  })

  it('goes on with an estimate, and keeps the counts of early values', () => {
    const counts = new ValueCounts()
    for (let i = 0; i < 100_000; i++) {
      counts.add(i)
      counts.add(7.5)
    }
    const { count, exact } = counts.distinct
    expect(exact).toBe(false)
    expect(Math.abs(count - 100_001)).toBeLessThan(8000)
    expect(counts.top(1)).toEqual([{ value: 7.5, count: 100_000 }])
  })
})

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}
