// Rows of two prepared versions against a comparison written down the slow way.

import { readFileSync } from 'node:fs'
import type { PrepareOptionsInput, RowChange } from '@trainyard/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PreparedDataset } from '../prepare/manifest.ts'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { idx, memorySource, pathsOf, temporaryFolder } from '../testing.ts'
import { compareRows, type Difference, type IndexedRows } from './compare-rows.ts'

const prepare = (csv: string, options: PrepareOptionsInput) =>
  prepareDataset({ sources: [memorySource('file', csv)], options, outDir: temporaryFolder(), limits: { shardBytesMax: 1000 } })

function indexed(prepared: PreparedDataset): IndexedRows {
  const paths = pathsOf(prepared)
  const { index } = prepared.manifest
  if (index === undefined) throw new Error('there is no index')
  return {
    index,
    open: async (key) =>
      (async function* () {
        yield readFileSync(paths[key] ?? '')
      })(),
  }
}

const compare = async (base: PreparedDataset, version: PreparedDataset, entriesMax?: number) => {
  const differences: Difference[] = []
  const onDifference = (difference: Difference) => differences.push(difference) > 0
  const rows = await compareRows(indexed(base), indexed(version), { onDifference, ...(entriesMax === undefined ? {} : { entriesMax }) })
  if (rows === null) throw new Error('the versions cannot be compared')
  return { rows, differences }
}

const OPTIONS: PrepareOptionsInput = { ignore: ['part'], split: { by: 'column', column: 'part' } }
type Row = readonly [id: number, x: number, part: 'train' | 'test']
const csv = (rows: readonly Row[]) => `id,x,part,y\n0,0,train,0\n${rows.map(([id, x, part]) => `${id},${x},${part},${x % 2}\n`).join('')}`
const rowsOf = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 }), fc.constantFrom<'train' | 'test'>('train', 'test')),
  { maxLength: 40 },
)

/** Takes partners away one after the other, the nearest first. */
function slowly(base: readonly Row[], version: readonly Row[], byId: boolean) {
  let [left, right] = [[...base], [...version]]
  const key = ([id, x]: Row) => `${id} ${x}`
  const match = (isPartner: (a: Row, b: Row) => boolean) => {
    let count = 0
    left = left.filter((a) => {
      const at = right.findIndex((b) => isPartner(a, b))
      if (at < 0) return true
      right.splice(at, 1)
      count++
      return false
    })
    return count
  }
  const unchanged = match((a, b) => key(a) === key(b) && a[2] === b[2])
  const moved = match((a, b) => key(a) === key(b))
  const changed = byId ? match((a, b) => a[0] === b[0]) : 0
  return { unchanged: unchanged + 1, moved, changed, removed: left.length, added: right.length }
}

describe('compareRows', () => {
  it.each([true, false])('counts what a slow comparison counts, by id: %s', async (byId) => {
    const options = byId ? { ...OPTIONS, id: 'id' } : OPTIONS
    await fc.assert(
      fc.asyncProperty(rowsOf, rowsOf, async (a, b) => {
        const { rows, differences } = await compare(await prepare(csv(a), options), await prepare(csv(b), options))
        expect(rows).toMatchObject({ exact: true, identity: byId ? 'id' : 'content', ...slowly(a, b, byId) })
        expect([rows.base, rows.version]).toEqual([a.length + 1, b.length + 1])
        for (const change of ['added', 'removed', 'changed', 'moved'] as const satisfies readonly RowChange[]) {
          expect(differences.filter((difference) => difference.change === change)).toHaveLength(rows[change])
        }
        const sum = (side: 'base' | 'version') => Object.values(rows.splits).reduce((all, split) => all + split[side], 0)
        expect([sum('base'), sum('version')]).toEqual([rows.base, rows.version])
      }),
      { numRuns: 60 },
    )
  })

  it('says where rows are and were', async () => {
    const options = { ...OPTIONS, id: 'id' }
    const base = await prepare(
      csv([
        [1, 1, 'train'],
        [2, 2, 'test'],
        [3, 1, 'train'],
        [4, 1, 'train'],
      ]),
      options,
    )
    const version = await prepare(
      csv([
        [1, 1, 'test'],
        [2, 0, 'test'],
        [3, 1, 'train'],
        [5, 1, 'test'],
      ]),
      options,
    )
    const { rows, differences } = await compare(base, version)
    expect(rows.splits).toEqual({
      train: { base: 4, version: 2, added: 0, removed: 1, changed: 0, moved_in: 0, moved_out: 1 },
      test: { base: 1, version: 3, added: 1, removed: 0, changed: 1, moved_in: 1, moved_out: 0 },
    })
    expect(Object.fromEntries(differences.map(({ change, ...places }) => [change, places]))).toEqual({
      moved: { base: { split: 'train', row: 1 }, version: { split: 'test', row: 0 } },
      changed: { base: { split: 'test', row: 0 }, version: { split: 'test', row: 1 } },
      removed: { base: { split: 'train', row: 3 }, version: null },
      added: { base: null, version: { split: 'test', row: 2 } },
    })
  })

  it('matches images by pixels: another label is a change', async () => {
    const images = (values: readonly number[], labels: readonly number[]) =>
      prepareDataset({
        sources: [
          memorySource(
            'train_images',
            idx(
              [values.length, 2, 2],
              values.flatMap((value) => [value, value, value, value]),
            ),
          ),
          memorySource('train_labels', idx([labels.length], labels)),
        ],
        options: { test_fraction: 0 },
        outDir: temporaryFolder(),
      })
    const { rows } = await compare(await images([1, 2, 3], [0, 1, 1]), await images([3, 2, 4, 5], [1, 0, 0, 1]))
    expect(rows).toMatchObject({ identity: 'pixels', unchanged: 1, changed: 1, removed: 1, added: 2 })
  })

  it('compares a sample of many rows, and says so', async () => {
    const table = (from: number, to: number) => `x,y\n${Array.from({ length: to - from }, (_, i) => `${from + i},${i % 2}\n`).join('')}`
    const options = { test_fraction: 0, target: 'y' }
    const { rows } = await compare(await prepare(table(0, 4000), options), await prepare(table(2000, 6000), options), 2000)
    expect(rows.exact).toBe(false)
    // A quarter of the hashes: the counts are binomial, with standard deviations of 77 … 110; these are five of them.
    for (const count of [rows.added, rows.removed, rows.unchanged]) expect(Math.abs(count - 2000)).toBeLessThan(400)
    expect(Math.abs(rows.base - 4000)).toBeLessThan(550)
  })

  it('does not compare what is known by its id with what is known by its content', async () => {
    const [a, b] = [await prepare(csv([]), OPTIONS), await prepare(csv([]), { ...OPTIONS, id: 'id' })]
    expect(await compareRows(indexed(a), indexed(b))).toBeNull()
  })
})
