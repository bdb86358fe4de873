// The index that a preparation writes: one entry per row, in order, at the place that the shards have; equal rows have equal entries.

import { readFileSync } from 'node:fs'
import type { PrepareOptionsInput } from '@trainyard/contracts'
import { describe, expect, it } from 'vitest'
import type { PreparedDataset } from '../prepare/manifest.ts'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { contents, idx, memorySource, pathsOf, temporaryFolder } from '../testing.ts'
import { compareEntries, ENTRY_WORDS, placeOf } from './entry.ts'
import { readEntries, readSummary } from './read-index.ts'

const prepare = (csv: string, options: PrepareOptionsInput = {}, limits = {}) =>
  prepareDataset({ sources: [memorySource('file', csv)], options, outDir: temporaryFolder(), limits })

async function indexOf(prepared: PreparedDataset, pieceBytes = 1 << 16) {
  const { index } = prepared.manifest
  if (index === undefined) throw new Error('there is no index')
  const paths = pathsOf(prepared)
  const read = (key: string) => readFileSync(paths[key] ?? '')
  const entries: Uint32Array[] = []
  const words = ENTRY_WORDS[index.identity]
  const open = async (key: string) => pieces(read(key), pieceBytes)
  for await (const block of readEntries(index, open)) {
    for (let at = 0; at < block.length; at += words) entries.push(block.slice(at, at + words))
  }
  return { index, entries, summary: readSummary(read(index.summary.key)) }
}

async function* pieces(bytes: Uint8Array, size: number) {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

/** Digests without places. */
const digests = (entries: readonly Uint32Array[]) => entries.map((entry) => [...entry.slice(0, -1)].join(' ')).sort()

const TABLE = `k,color,x,y\n${Array.from({ length: 50 }, (_, i) => `k${i},${['red', 'blue', ''][i % 3]},${i / 2},${i % 2 === 0 ? 'a' : 'b'}\n`).join('')}`

describe('the row index', () => {
  it('has every row once, in order, at its place', async () => {
    const prepared = await prepare(TABLE, { ignore: ['k'], split: { by: 'fraction', test: 0.2, validation: 0.1 } })
    const { index, entries, summary } = await indexOf(prepared, 13)
    expect(index).toMatchObject({ identity: 'content', types: ['category', 'number'] })
    expect(entries).toHaveLength(50)
    entries.forEach((entry, i) => {
      if (i > 0) expect(compareEntries(entries[i - 1] as Uint32Array, 0, entry, 0, 3)).toBeLessThan(0)
    })
    const places = entries.map((entry) => placeOf(entry[2] as number))
    for (const [split, { rows }] of Object.entries(prepared.manifest.splits)) {
      const found = places.filter((place) => place.split === split).map(({ row }) => row)
      expect(found.sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row))
    }
    // x = i / 2 tells where a row stood in the upload.
    const of = (split: string) =>
      contents(prepared, split)
        .x.filter((_, i) => i % 2 === 1)
        .map((x) => x * 2)
    expect([...summary.marks].flatMap((mark, i) => (mark === 2 ? [i] : []))).toEqual(of('test'))
    expect([...summary.marks].flatMap((mark, i) => (mark === 1 ? [i] : []))).toEqual(of('validation'))
    const [color, x] = summary.distributions
    expect(Array.from(color?.weights ?? [])).toEqual([17, 17])
    expect(Array.from(x?.values ?? [])).toEqual(Array.from({ length: 50 }, (_, i) => i / 2))
  })

  it('is the same in pieces, and says by an id which row is which', async () => {
    const options = { id: 'k', test_fraction: 0 }
    const whole = await indexOf(await prepare(TABLE, options))
    const cut = await indexOf(await prepare(TABLE, options, { shardBytesMax: 200 }))
    expect(cut.index.rows.length).toBe(5)
    expect(cut.entries).toEqual(whole.entries)
    const changed = await indexOf(await prepare(TABLE.replace('k7,blue,3.5', 'k7,red,3.5'), options))
    const ids = ({ entries }: typeof whole) => entries.map((entry) => `${entry[0]} ${entry[1]}`)
    expect(ids(changed)).toEqual(ids(whole))
    const differing = changed.entries.filter((entry, i) => entry[2] !== whole.entries[i]?.[2])
    expect(differing).toHaveLength(1)
  })

  it('knows equal rows whatever the order of columns, categories and classes', async () => {
    const options = { ignore: ['k'], target: 'y', test_fraction: 0 }
    const base = await indexOf(await prepare(TABLE, options))
    const turned = TABLE.split('\n')
      .map((line) => line.split(',').reverse().join(','))
      .join('\n')
    const other = await indexOf(await prepare(`${turned}_,_,_,_\n`.replace('_,_,_,_', 'A,0,azure,k'), options))
    const known = digests(base.entries)
    expect(digests(other.entries).filter((digest) => known.includes(digest))).toEqual(known)
    expect(other.entries).toHaveLength(51)
  })

  it('knows images by their pixels, and rows that were left out', async () => {
    const images = idx([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4])
    const sources = [memorySource('train_images', images), memorySource('train_labels', idx([3], [0, 1, 1]))]
    const { index, entries } = await indexOf(await prepareDataset({ sources, outDir: temporaryFolder(), options: { test_fraction: 0 } }))
    expect(index.identity).toBe('pixels')
    expect(new Set(entries.map((entry) => entry[0])).size).toBe(2)
    expect(new Set(entries.map((entry) => entry[2])).size).toBe(3)
    const tolerant = await indexOf(await prepare('x,y\n1,a\nbad,a\n3,b\n4,b\n', { mode: 'tolerant', test_fraction: 0 }))
    expect([...tolerant.summary.marks]).toEqual([0, 255, 0, 0])
  })
})
