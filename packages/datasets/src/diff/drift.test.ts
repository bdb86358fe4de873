// Measures of drift against hand computations and SciPy (golden/drift.py).

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ColumnProfiler } from '../profile/column-profiler.ts'
import {
  decileShares,
  jensenShannonDistance,
  keyedShares,
  kolmogorovSmirnov,
  kolmogorovSmirnovByChance,
  populationStabilityIndex,
  stabilityIndexByChance,
} from './drift.ts'

interface Golden {
  readonly numeric: readonly {
    readonly name: string
    readonly base: readonly number[]
    readonly version: readonly number[]
    readonly ks: number
    readonly psi: number
    readonly bins: number
    readonly chance: number
  }[]
  readonly shares: readonly { readonly base: readonly number[]; readonly version: readonly number[]; readonly js: number }[]
}
const golden: Golden = JSON.parse(readFileSync(new URL('../../golden/drift.golden.json', import.meta.url), 'utf8'))

const distributionOf = (values: readonly number[]) => {
  const profiler = new ColumnProfiler({ name: 'x', type: 'number', categories: null, min: 0, max: 1 })
  for (const value of values) profiler.add(value)
  return profiler.distribution
}

describe('drift', () => {
  it('is as computed by hand', () => {
    // 0.25 · ln 2 + 0.25 · ln 1.5
    const shares = { base: [0.5, 0.5], version: [0.25, 0.75] }
    expect(populationStabilityIndex(shares)).toBeCloseTo(0.25 * Math.LN2 + 0.25 * Math.log(1.5), 12)
    // Nothing against 1e-4: (1 − 1e-4) · ln 1e4, twice.
    expect(populationStabilityIndex({ base: [1, 0], version: [0, 1] })).toBeCloseTo(2 * 0.9999 * Math.log(10_000), 9)
    // Middle 0.375, 0.625: ½ (0.5 log₂ 4/3 + 0.5 log₂ 0.8 + 0.25 log₂ 2/3 + 0.75 log₂ 1.2) = 0.048795, its root 0.220895
    expect(jensenShannonDistance(shares)).toBeCloseTo(0.220895, 5)
    expect(jensenShannonDistance({ base: [1, 0], version: [0, 1] })).toBe(1)
    // 1 2 3 4 against 3 4 5 6: after 2, 0.5 against 0.
    expect(kolmogorovSmirnov(distributionOf([1, 2, 3, 4]), distributionOf([3, 4, 5, 6]))).toBe(0.5)
    // Deciles of 1 … 10 hold one value each.
    const ten = distributionOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(decileShares(ten, distributionOf([0, 1, 10, 11]))).toEqual({
      base: new Array(10).fill(0.1),
      version: [0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0.5],
    })
    expect(
      keyedShares(
        new Map([
          ['a', 3],
          ['b', 1],
        ]),
        new Map([
          ['b', 1],
          ['c', 1],
        ]),
      ),
    ).toEqual({
      keys: ['a', 'b', 'c'],
      base: [0.75, 0.25, 0],
      version: [0, 0.5, 0.5],
    })
    expect(kolmogorovSmirnovByChance(100, 100)).toBeCloseTo(0.192, 3)
  })

  it.each(golden.numeric)('of numbers agrees with SciPy: $name', ({ base, version, ks, psi, bins, chance }) => {
    const [p, q] = [distributionOf(base), distributionOf(version)]
    expect(kolmogorovSmirnov(p, q)).toBeCloseTo(ks, 12)
    const shares = decileShares(p, q)
    expect(shares.base).toHaveLength(bins)
    expect(populationStabilityIndex(shares)).toBeCloseTo(psi, 9)
    expect(Math.abs(stabilityIndexByChance(bins, base.length, version.length) / chance - 1)).toBeLessThan(0.02)
  })

  it.each(golden.shares)('of shares agrees with SciPy: $js', ({ base, version, js }) => {
    expect(jensenShannonDistance({ base, version })).toBeCloseTo(js, 9)
  })

  it('of many values is off by what the sketch is', () => {
    // Two triangles that are 0.1 apart: F(x) = x²/2 rises by at most 0.1 within 0.1, the statistic is sup |F(x) − F(x − 0.1)| = 0.0975.
    const n = 200_000
    const draws = (shift: number) => Array.from({ length: n }, (_, i) => Math.fround(triangle((i * 0.6180339887498949) % 1) + shift))
    const measured = kolmogorovSmirnov(distributionOf(draws(0)), distributionOf(draws(0.1)))
    expect(Math.abs(measured - 0.0975)).toBeLessThan(0.03)
    expect(distributionOf(draws(0)).values.length).toBeLessThanOrEqual(513)
    const { weights } = distributionOf(draws(0))
    expect(Array.from(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(n, 6)
  })

  it('is nothing between equal columns, and never negative', () => {
    const column = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(column, column, (a, b) => {
        const [p, q] = [distributionOf(a), distributionOf(b)]
        expect(populationStabilityIndex(decileShares(p, p))).toBe(0)
        expect(kolmogorovSmirnov(p, p)).toBe(0)
        expect(populationStabilityIndex(decileShares(p, q))).toBeGreaterThanOrEqual(0)
        const ks = kolmogorovSmirnov(p, q)
        expect(ks).toBe(kolmogorovSmirnov(q, p))
        const at = (values: readonly number[], x: number) => values.filter((value) => value <= x).length / values.length
        expect(ks).toBeCloseTo(Math.max(...[...a, ...b].map((x) => Math.abs(at(a, x) - at(b, x)))), 12)
      }),
    )
  })
})

/** Inverse of the distribution function of the triangle on 0 … 2. */
function triangle(u: number): number {
  return u < 0.5 ? Math.sqrt(2 * u) : 2 - Math.sqrt(2 * (1 - u))
}
