import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashText, murmur32, rehash } from '../hash/murmur.ts'
import { countSplits, TEST, TRAIN, VALIDATION } from './assignment.ts'
import { splitOfValue } from './by-column.ts'
import { splitByFraction } from './by-fraction.ts'
import { splitByGroup } from './by-group.ts'
import { splitByHash } from './by-hash.ts'
import { splitByTime } from './by-time.ts'

const seeds = fc.integer({ min: 0, max: 0xffff_ffff })
const shares = fc
  .record({ test: fc.double({ min: 0, max: 0.6, noNaN: true }), validation: fc.double({ min: 0, max: 0.3, noNaN: true }) })
  .map(({ test, validation }) => ({ test, validation }))

describe('murmur32', () => {
  // Published test vectors of the reference implementation.
  it.each([
    [[], 0, 0],
    [[], 1, 0x514e28b7],
    [[], 0xffffffff, 0x81f16f39],
    [[0xffffffff], 0, 0x76293b50],
    [[0x87654321], 0, 0xf55b516b],
    [[0x87654321], 0x5082edee, 0x2362f9de],
    [[0], 0, 0x2362f9de],
  ])('%o with seed %d', (words, seed, expected) => {
    expect(murmur32(Uint32Array.from(words), 0, words.length, seed)).toBe(expected)
  })

  it('gives safe integers that depend on every part', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), seeds, (a, b, seed) => {
        expect(Number.isSafeInteger(hashText(a, seed))).toBe(true)
        expect(hashText(a, seed) === hashText(b, seed)).toBe(a === b)
        expect(rehash(hashText(a), seed)).not.toBe(hashText(a))
      }),
    )
  })
})

describe('splitByFraction', () => {
  it('gives each class its share, rounded, and leaves each class a training row', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 300 }), shares, seeds, (labels, share, seed) => {
        const assignment = splitByFraction(labels.length, { classes: Int32Array.from(labels), classCount: 5 }, share, seed)
        for (let c = 0; c < 5; c++) {
          const marks = assignment.filter((_, row) => labels[row] === c)
          if (marks.length === 0) continue
          const [train, validation, test] = countSplits(marks)
          expect(train).toBeGreaterThan(0)
          const wanted = marks.length < 2 ? 0 : Math.min(marks.length - 1, Math.round(marks.length * share.test))
          expect(test).toBe(wanted)
          expect(validation).toBe(marks.length < 2 ? 0 : Math.min(marks.length - 1 - wanted, Math.round(marks.length * share.validation)))
        }
      }),
    )
  })

  it('repeats itself by seed, and only by seed', () => {
    const split = (seed: number) => splitByFraction(1000, null, { test: 0.3, validation: 0.2 }, seed)
    expect(split(5)).toEqual(split(5))
    expect(split(5)).not.toEqual(split(6))
    expect(countSplits(split(5))).toEqual([500, 200, 300])
  })
})

describe('splitByGroup', () => {
  it('never has a group on two sides, and keeps a training group', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 200 }), shares, seeds, (groups, share, seed) => {
        const assignment = splitByGroup(Float64Array.from(groups), share, seed)
        const sides = new Map<number, number>()
        groups.forEach((group, row) => {
          expect(sides.get(group) ?? assignment[row]).toBe(assignment[row])
          sides.set(group, assignment[row] ?? -1)
        })
        expect([...sides.values()]).toContain(TRAIN)
        if (sides.size >= 3) {
          expect([...sides.values()].includes(TEST)).toBe(share.test > 0)
          expect([...sides.values()].includes(VALIDATION)).toBe(share.validation > 0)
        }
      }),
    )
  })

  it('comes near to the shares where groups are small', () => {
    const groups = Float64Array.from({ length: 10_000 }, (_, i) => Math.floor(i / 10))
    expect(countSplits(splitByGroup(groups, { test: 0.2, validation: 0.1 }, 3))).toEqual([7000, 1000, 2000])
  })
})

describe('splitByTime', () => {
  it('has every training row before every validation row, and those before every test row', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 200 }), shares, (times, share) => {
        const assignment = splitByTime(Float64Array.from(times), share)
        const of = (mark: number) => times.filter((_, row) => assignment[row] === mark)
        const newest = (list: number[]) => Math.max(Number.NEGATIVE_INFINITY, ...list)
        const oldest = (list: number[]) => Math.min(Number.POSITIVE_INFINITY, ...list)
        expect(of(TRAIN).length).toBeGreaterThan(0)
        expect(newest(of(TRAIN))).toBeLessThan(oldest([...of(VALIDATION), ...of(TEST)]))
        expect(newest(of(VALIDATION))).toBeLessThan(oldest(of(TEST)))
      }),
    )
  })

  it('meets the shares where times differ', () => {
    const times = Float64Array.from({ length: 100 }, (_, i) => (i * 37) % 100)
    const assignment = splitByTime(times, { test: 0.2, validation: 0.1 })
    expect(countSplits(assignment)).toEqual([70, 10, 20])
    expect(times.filter((_, row) => assignment[row] === TEST).toSorted()[0]).toBe(80)
  })
})

describe('splitByHash', () => {
  it('leaves every row where it was when rows are appended or reordered', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 50 }), shares, seeds, (keys, share, seed) => {
        const hashes = Float64Array.from(keys, (key) => hashText(key))
        const all = splitByHash(hashes, share, seed)
        expect(splitByHash(hashes.subarray(0, keys.length >> 1), share, seed)).toEqual(all.subarray(0, keys.length >> 1))
        expect(splitByHash(hashes.slice().reverse(), share, seed)).toEqual(all.slice().reverse())
      }),
    )
  })

  it('meets the shares on average', () => {
    const hashes = Float64Array.from({ length: 100_000 }, (_, i) => hashText(String(i)))
    const [, validation, test] = countSplits(splitByHash(hashes, { test: 0.2, validation: 0.1 }, 1))
    // Four deviations of a binomial: √(100000 · 0.2 · 0.8) = 126 and √(100000 · 0.1 · 0.9) = 95.
    expect(Math.abs(test - 20_000)).toBeLessThan(506)
    expect(Math.abs(validation - 10_000)).toBeLessThan(380)
  })
})

describe('splitOfValue', () => {
  it('knows the usual spellings, or those that it is given', () => {
    const usual = splitOfValue(undefined)
    expect(['Train', 'val', 'TEST', 'toString', ''].map(usual)).toEqual([TRAIN, VALIDATION, TEST, undefined, undefined])
    const given = splitOfValue({ train: ['2019', '2020'], test: ['2021'] })
    expect(['2019', '2021', 'train'].map(given)).toEqual([TRAIN, TEST, undefined])
  })
})
