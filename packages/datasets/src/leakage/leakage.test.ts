import { fillNormal, shuffledRange } from '@trainyard/engine/random'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashText } from '../hash/murmur.ts'
import { DuplicateIndex } from './duplicate-index.ts'
import { differenceHash, NearDuplicates } from './near-duplicates.ts'
import { findPredictiveColumns } from './predictive-columns.ts'
import { Thumbnail } from './thumbnail.ts'

describe('DuplicateIndex', () => {
  it('counts what a comparison of all pairs counts', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(rows, (list) => {
        const index = new DuplicateIndex()
        list.forEach(([input, split, label], row) => {
          index.add(hashText(String(input)), split, label, row)
        })
        const names = ['train', 'validation', 'test']
        const { within, in_train, exact, examples } = index.duplicates()
        expect(exact).toBe(true)
        names.forEach((name, split) => {
          const members = list.map(([input], row) => ({ input, row })).filter(({ row }) => list[row]?.[1] === split)
          if (members.length === 0) return
          expect(within[name]).toBe(members.length - new Set(members.map(({ input }) => input)).size)
          const train = new Set(list.filter(([, s]) => s === 0).map(([input]) => input))
          if (split > 0) expect(in_train[name]).toBe(members.filter(({ input }) => train.has(input)).length)
        })
        for (const { row, train_row, split } of examples) {
          expect(list[row]?.[0]).toBe(list[train_row]?.[0])
          expect([names[list[row]?.[1] ?? 0], list[train_row]?.[1]]).toEqual([split, 0])
        }
        const labels = new Map<number, Set<number>>()
        for (const [input, , label] of list) labels.set(input, (labels.get(input) ?? new Set()).add(label))
        const { inputs, examples: conflicts } = index.conflicts()
        expect(inputs).toBe([...labels.values()].filter(({ size }) => size > 1).length)
        for (const { row, other_row } of conflicts) {
          expect(list[row]?.[0]).toBe(list[other_row]?.[0])
          expect(list[row]?.[2]).not.toBe(list[other_row]?.[2])
        }
      }),
    )
  })

  it('extrapolates within its bound of memory', () => {
    const index = new DuplicateIndex(1 << 14)
    const n = 200_000
    for (let i = 0; i < n; i++) index.add(hashText(String(i)), 0, 0, i)
    // Every tenth input is in the test split too.
    for (let i = 0; i < n; i += 10) index.add(hashText(String(i)), 2, i % 20 === 0 ? 1 : 0, n + i)
    const { exact, in_train } = index.duplicates()
    expect(exact).toBe(false)
    // At most 12,288 of the inputs are kept, about 1,000 of them twice: a deviation of 3 %, five of them here.
    expect(Math.abs((in_train.test ?? 0) / 20_000 - 1)).toBeLessThan(0.2)
    expect(Math.abs(index.conflicts().inputs / 10_000 - 1)).toBeLessThan(0.3)
  })
})

describe('Thumbnail', () => {
  it('averages areas, also where they do not divide evenly', () => {
    const thumbnail = new Thumbnail({ channels: 2, height: 1, width: 3 }, 2, 1)
    // Grey: 15, 30, 60. Places 0 … 1.5 and 1.5 … 3: (15 + 30/2) / 1.5 and (30/2 + 60) / 1.5.
    expect([...thumbnail.draw(Uint8Array.from([10, 20, 40, 20, 40, 80]))]).toEqual([20, 50])
    expect(new Thumbnail({ channels: 1, height: 2, width: 2 }, 4, 4).draw(Uint8Array.from([1, 2, 3, 4])).slice(0, 8)).toEqual(
      Float32Array.from([1, 1, 2, 2, 1, 1, 2, 2]),
    )
  })
})

describe('NearDuplicates', () => {
  const size = { channels: 1, height: 32, width: 32 }
  /** Smooth random pictures, as photographs are: sums of a few waves. */
  const picture = (seed: number): Uint8Array => {
    const random = new Float64Array(12)
    fillNormal({ seed, purpose: 'test' }, random)
    return Uint8Array.from({ length: 1024 }, (_, i) => {
      const [x, y] = [(i % 32) / 32, Math.floor(i / 32) / 32]
      let value = 128
      for (let k = 0; k < 4; k++)
        value += 25 * Math.sin(6 * ((random[3 * k] ?? 0) * x + (random[3 * k + 1] ?? 0) * y) + 3 * (random[3 * k + 2] ?? 0))
      return Math.max(0, Math.min(255, value))
    })
  }
  const noisy = (pixels: Uint8Array, std: number, seed: number) => {
    const noise = new Float64Array(pixels.length)
    fillNormal({ seed, purpose: 'test', a: 1 }, noise, 0, std)
    return pixels.map((pixel, i) => Math.max(0, Math.min(255, pixel + (noise[i] ?? 0))))
  }

  it('finds copies with noise or other brightness, and nothing else', () => {
    const index = new NearDuplicates(size, 400)
    for (let i = 0; i < 200; i++) index.add(picture(i), 0, 0, i)
    for (let i = 0; i < 20; i++) index.add(noisy(picture(i), 2, i), 0, 2, 1000 + i)
    for (let i = 20; i < 30; i++)
      index.add(
        picture(i).map((pixel) => Math.max(0, Math.min(255, pixel + 1))),
        0,
        1,
        1000 + i,
      )
    for (let i = 1000; i < 1100; i++) index.add(picture(i), 0, 2, i + 1000)
    const { compared, in_train, examples } = index.result()
    expect(compared).toBe(330)
    expect(in_train).toEqual({ validation: 10, test: 20 })
    expect(examples.length).toBe(10)
    for (const { row, train_row } of examples) expect(row - train_row).toBe(1000)
  })

  it('looks at a bounded number of images and candidates', () => {
    const index = new NearDuplicates(size, 300)
    const flat = new Uint8Array(1024)
    for (let i = 0; i < 500; i++) index.add(flat, 0, i % 2 === 0 ? 0 : 2, i)
    expect(index.result()).toMatchObject({ compared: 300, in_train: { test: 0 } })
  })

  it('hashes by the sign of differences', () => {
    const hash = new Uint32Array(2)
    differenceHash(
      Float32Array.from({ length: 72 }, (_, i) => -(i % 9)),
      hash,
      0,
    )
    expect([...hash]).toEqual([0xffffffff, 0xffffffff])
    differenceHash(
      Float32Array.from({ length: 72 }, (_, i) => (i === 0 ? 1 : 0)),
      hash,
      0,
    )
    expect([...hash]).toEqual([1, 0])
  })
})

describe('findPredictiveColumns', () => {
  const rows = 2000
  const order = shuffledRange({ seed: 1, purpose: 'test' }, rows)
  const classes = Int32Array.from(order, (i) => (i < 1200 ? 0 : 1))
  const column = (name: string, role: 'feature' | 'ignored' | 'group', value: (i: number) => number, isOrdered = false) => ({
    name,
    role,
    isOrdered,
    values: Float64Array.from(order, value),
  })

  it('reports a copy of the target, a group of one class each, and an id in the order of the classes', () => {
    const found = findPredictiveColumns(
      [
        column('copy', 'feature', (i) => (i < 1200 ? 5 : 7)),
        column('good feature', 'feature', (i) => (i % 50 === 0 ? 1 : 0) + (i < 1200 ? 0 : 2) * (i % 10 === 0 ? 0 : 1)),
        column('hospital', 'group', (i) => (i < 1200 ? i % 3 : 3 + (i % 2))),
        column('mixed group', 'group', (i) => i % 7),
        column('row', 'ignored', (i) => i, true),
        column('random id', 'ignored', (i) => hashText(String(i)), true),
        column('name', 'ignored', (i) => hashText(`name ${i}`)),
      ],
      classes,
    )
    expect(found.map(({ column: name }) => name)).toEqual(['copy', 'hospital', 'row'])
    expect(found[0]).toMatchObject({ role: 'feature', accuracy: 1 })
    expect(found[0]?.baseline).toBeCloseTo(0.6, 1)
  })

  it('says nothing from a few rows or one class', () => {
    const values = Float64Array.from({ length: 10 }, (_, i) => i % 2)
    const few = [{ name: 'a', role: 'ignored' as const, isOrdered: false, values }]
    expect(findPredictiveColumns(few, Int32Array.from(values))).toEqual([])
    expect(findPredictiveColumns([column('a', 'group', (i) => i % 2)], new Int32Array(rows))).toEqual([])
  })
})
