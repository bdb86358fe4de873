import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fillNormal, fillUniform, fillWords, permutation, philox, subset, uniformAt } from './index.ts'

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, '0')).join(' ')

describe('philox', () => {
  // Known-answer vectors of Random123 1.14 (tests/kat_vectors): philox4x32 10.
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('matches Random123 for counter %j', ([c0 = 0, c1 = 0, c2 = 0, c3 = 0], [k0 = 0, k1 = 0], expected) => {
    const out = new Uint32Array(4)
    philox(c0, c1, c2, c3, k0, k1, out, 0)
    expect(hex(out)).toBe(expected)
  })
})

describe('streams', () => {
  const key = { seed: 42, purpose: 'test', a: 3, b: 5 } as const

  it('gives the same numbers whatever the length', () => {
    const long = new Float32Array(5000)
    fillNormal(key, long)
    for (const length of [1, 2, 3, 1023, 1025, 4999]) {
      const short = new Float32Array(length)
      fillNormal(key, short)
      expect(short).toEqual(long.subarray(0, length))
    }
  })

  it('gives words from any block on', () => {
    const all = new Uint32Array(64)
    fillWords(key, all)
    const part = new Uint32Array(7)
    fillWords(key, part, 20)
    expect(part).toEqual(all.subarray(20, 27))
  })

  it('differs by seed, purpose, a and b', () => {
    const keys = [key, { ...key, seed: 43 }, { ...key, purpose: 'dropout' as const }, { ...key, a: 4 }, { ...key, b: 6 }]
    const words = keys.map((each) => {
      const into = new Uint32Array(4)
      fillWords(each, into)
      return hex(into)
    })
    expect(new Set(words).size).toBe(keys.length)
  })

  it('is uniform: mean 1/2, variance 1/12, within five standard errors', () => {
    const n = 100_000
    const values = new Float64Array(n)
    fillUniform(key, values)
    const mean = values.reduce((sum, x) => sum + x, 0) / n
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n))
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n))
    expect(Math.min(...values.subarray(0, 1000))).toBeGreaterThanOrEqual(0)
  })

  it('keeps uniform numbers below the upper bound in float32', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const values = new Float32Array(256)
        fillUniform({ seed, purpose: 'test' }, values)
        return values.every((x) => x >= 0 && x < 1)
      }),
      { numRuns: 50 },
    )
  })

  it('is normal: moments 0, 1, 0, 3 within five standard errors', () => {
    const n = 100_000
    const values = new Float64Array(n)
    fillNormal(key, values, 0, 1)
    const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / n
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n))
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n))
  })

  it('draws single numbers with 53 bits', () => {
    const values = Array.from({ length: 100 }, (_, i) => uniformAt(key, i))
    expect(new Set(values).size).toBe(100)
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true)
    expect(values.some((x) => !Number.isInteger(x * 2 ** 32))).toBe(true)
  })
})

describe('permutation', () => {
  it('has every row once', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(1000), fc.nat(3000), (seed, epoch, n) => {
        const sorted = permutation(seed, epoch, n).sort()
        return sorted.length === n && sorted.every((row, i) => row === i)
      }),
    )
  })

  it('depends on seed and epoch only', () => {
    expect(permutation(1, 2, 1000)).toEqual(permutation(1, 2, 1000))
    expect(permutation(1, 2, 1000)).not.toEqual(permutation(1, 3, 1000))
    expect(permutation(1, 2, 1000)).not.toEqual(permutation(2, 2, 1000))
  })

  it('orders three rows in each of the six ways equally often', () => {
    const counts = new Map<string, number>()
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = permutation(9, epoch, 3).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // Five standard errors of a binomial count with n = 6000, p = 1/6.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt((6000 * 5) / 36))
  })

  it('refuses a count that is none', () => {
    expect(() => permutation(1, 0, -1)).toThrow('expected a whole number')
    expect(() => permutation(1, 0, 1.5)).toThrow('expected a whole number')
  })
})

describe('subset', () => {
  it('only adds rows when it grows', () => {
    expect(subset(4, 1000, 200).subarray(0, 50)).toEqual(subset(4, 1000, 50))
    expect(new Set(subset(4, 1000, 200)).size).toBe(200)
  })
  it('takes all rows when more are asked for than exist', () => {
    expect(subset(4, 10, 50).sort()).toEqual(Uint32Array.from({ length: 10 }, (_, i) => i))
  })
})
