import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { SortedEntries } from './sorted-entries.ts'

const word = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }))

describe('SortedEntries', () => {
  it('gives entries in the order of their words, from memory and over several runs', () => {
    const folder = temporaryFolder()
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word), { maxLength: 200 }), fc.integer({ min: 1, max: 40 }), (entries, runMax) => {
        const sorted = new SortedEntries(folder, 3, entries.length, runMax)
        for (const entry of entries) sorted.add(Uint32Array.from(entry))
        const blocks = Array.from(sorted.blocks(), (block) => [...block]).flat()
        expect(readdirSync(folder).length).toBe(entries.length > runMax ? Math.ceil(entries.length / runMax) : 0)
        sorted.removeFiles()
        expect(readdirSync(folder)).toEqual([])
        const expected = entries.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
        expect(blocks).toEqual(expected.flat())
      }),
    )
  })
})
