// Versions that are made of another and more files: the old rows stay where they are, and the result is what one upload of everything gives.

import { readFileSync } from 'node:fs'
import { type DatasetAnalysis, datasetAnalysisSchema, type PrepareOptionsInput } from '@trainyard/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DataSource } from '../formats/source.ts'
import { encodePng } from '../preview/png.ts'
import { readSummary } from '../row-index/read-index.ts'
import { contents, idx, memorySource, pathsOf, rejection, temporaryFolder, zipOf } from '../testing.ts'
import type { PreparedDataset } from './manifest.ts'
import { prepareDataset } from './prepare-dataset.ts'

const one = (content: string | Uint8Array) => [memorySource('file', content)]
const named = (name: string, content: string): DataSource[] => [{ ...memorySource('file', content), name }]

interface Version {
  readonly prepared: PreparedDataset
  readonly parts: readonly (readonly DataSource[])[]
  readonly options: PrepareOptionsInput
}

async function upload(sources: readonly DataSource[], options: PrepareOptionsInput = {}): Promise<Version> {
  return { prepared: await prepareDataset({ sources, options, outDir: temporaryFolder() }), parts: [sources], options }
}

const summaryOf = ({ manifest, ...prepared }: PreparedDataset) =>
  readFileSync(pathsOf({ manifest, ...prepared })[manifest.index?.summary.key ?? ''] ?? '')

async function append(base: Version, sources: readonly DataSource[], newClasses = false): Promise<Version> {
  const { manifest } = base.prepared
  const [first = [], ...rest] = base.parts
  const options: PrepareOptionsInput = { ...base.options, target_kind: base.options.target_kind ?? manifest.target.kind }
  const request = { parts: [...rest, sources], manifest, summary: summaryOf(base.prepared), newClasses }
  const prepared = await prepareDataset({ sources: first, append: request, options, outDir: temporaryFolder() })
  return { prepared, parts: [...base.parts, sources], options }
}

function analysisOf(prepared: PreparedDataset): DatasetAnalysis {
  return datasetAnalysisSchema.parse(JSON.parse(readFileSync(pathsOf(prepared)[prepared.manifest.analysis?.key ?? ''] ?? '', 'utf8')))
}

/** x numbers the rows. */
const table = (from: number, to: number, y = (i: number) => i % 3) =>
  `x,g,y\n${Array.from({ length: to - from }, (_, i) => `${from + i},${(from + i) % 7},c${y(from + i)}\n`).join('')}`
const marksOf = ({ prepared }: Version) => [...readSummary(summaryOf(prepared)).marks]
const count = (marks: readonly number[], mark: number) => marks.filter((other) => other === mark).length

describe('appended rows', () => {
  it('by hash give the digest of one upload of everything, and the same shards', async () => {
    const options = { split: { by: 'hash' as const, test: 0.3, validation: 0.2 } }
    const whole = await upload(one(table(0, 100)), options)
    const twice = await append(await append(await upload(one(table(0, 60)), options), one(table(60, 90))), one(table(90, 100)))
    expect(twice.prepared.manifest.digest).toBe(whole.prepared.manifest.digest)
    expect(twice.prepared.manifest.splits).toEqual(whole.prepared.manifest.splits)
    expect(twice.prepared.manifest.index).toEqual(whole.prepared.manifest.index)
  })

  it('leave old rows in their split however they are drawn, and meet the shares over all rows', async () => {
    const draw = fc.record({
      old: fc.integer({ min: 5, max: 80 }),
      more: fc.integer({ min: 1, max: 80 }),
      split: fc.constantFrom('fraction', 'group', 'time', 'hash'),
      stratify: fc.boolean(),
      seed: fc.nat(100),
    })
    await fc.assert(
      fc.asyncProperty(draw, async ({ old, more, split, stratify, seed }) => {
        const shares = { test: 0.25, validation: 0.1 }
        const by = {
          fraction: { by: 'fraction' as const, stratify, ...shares },
          group: { by: 'group' as const, column: 'g', ...shares },
          time: { by: 'time' as const, column: 'x', ...shares },
          hash: { by: 'hash' as const, ...shares },
        }[split]
        const options = { seed, split: by, ...(split === 'time' ? { ignore: [] } : {}) }
        const base = await upload(one(table(0, old)), options)
        const after = marksOf(await append(base, one(table(old, old + more))))
        expect(after.slice(0, old)).toEqual(marksOf(base))
        expect(after).toHaveLength(old + more)
        if (split === 'fraction' && !stratify) {
          const wanted = Math.round((old + more) * 0.25)
          expect(count(after, 2)).toBe(Math.min(Math.max(wanted, count(after.slice(0, old), 2)), count(after.slice(0, old), 2) + more))
        }
        if (split === 'group') for (let g = 0; g < 7; g++) expect(new Set(after.filter((_, i) => i % 7 === g)).size).toBeLessThanOrEqual(1)
        if (split === 'time') expect(after).toEqual(after.toSorted((a, b) => a - b))
      }),
      { numRuns: 40 },
    )
  })

  it('find their columns by name, or by place where there is no header', async () => {
    const base = await upload(one('a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,8,q\n'), { test_fraction: 0 })
    const turned = await append(base, one('y,b,a\nq,10,9\n'))
    const bare = await append(base, one('9,10,q\n'))
    const whole = await upload(one('a,b,y\n1,2,p\n3,4,q\n5,6,p\n7,8,q\n9,10,q\n'), { test_fraction: 0 })
    expect([turned, bare].map(({ prepared }) => prepared.manifest.digest)).toEqual(
      [whole, whole].map(({ prepared }) => prepared.manifest.digest),
    )
  })

  it('are refused with everything that is wrong with them', async () => {
    const base = await upload(named('old.csv', table(0, 30)))
    const refused = async (csv: string) => {
      const { issues } = await rejection(append(base, named('new.csv', csv)))
      return issues.map(({ code, message }) => `${code} ${message}`)
    }
    const columns = 'the version has "x", "g", "y"'
    expect(await refused('x,h,y\n1,2,c0\n')).toEqual([
      `missing_column new.csv column "g": the column is missing; ${columns}.`,
      `unknown_column new.csv column "h": the version has no such column; it has "x", "g", "y".`,
    ])
    expect(await refused('x,g,y\n')).toEqual(['no_rows new.csv: there is no row to append.'])
    expect((await refused(''))[0]).toMatch(/^empty_file new.csv: the file is empty/)
    expect(await refused('x,g,y\n1,2,c9\n')).toEqual(['new_class new.csv: a class that the version has not: "c9".'])
    // A row is named by its own file; the columns of the version stay numbers.
    const texts = Array.from({ length: 50 }, (_, i) => `t${i},2,c0\n`).join('')
    expect(await refused(`x,g,y\n${texts}`)).toEqual([
      'not_a_number new.csv column "x": text where a number is expected (50 rows, first row 2: "t0"; row 3: "t1"; row 4: "t2").',
    ])
    expect(await refused('x,g,y\n1,2\n')).toEqual([
      'wrong_cell_count new.csv: rows with another number of cells than 3 (row 2: "2 cells").',
    ])
  })

  it('may bring classes where that is asked for, and categories with a warning', async () => {
    const base = await upload(one('k,x,y\nred,1,a\nblue,2,b\nred,3,a\nblue,4,b\n'), { test_fraction: 0 })
    const { prepared } = await append(base, one('k,x,y\ngreen,5,0\n'), true)
    expect(prepared.manifest.target).toEqual({ kind: 'class', classes: ['0', 'a', 'b'] })
    expect(contents(prepared, 'train').y).toEqual([1, 2, 1, 2, 0])
    const warnings = analysisOf(prepared).problems.filter(({ code }) => code === 'new_category')
    expect(warnings).toMatchObject([{ severity: 'warning', column: 'k', message: expect.stringContaining('"green"') }])
  })

  it('that equal rows of the test split are in the leakage report', async () => {
    const base = await upload(one(table(0, 40)), {
      split: { by: 'column', column: 'g', values: { train: ['0', '1', '2', '3', '4'], test: ['5', '6'] } },
    })
    const tests = marksOf(base).flatMap((mark, i) => (mark === 2 ? [i] : []))
    const [copied = 0] = tests
    const { prepared } = await append(base, one(`x,g,y\n${copied},0,c${copied % 3}\n`))
    expect(analysisOf(prepared).leakage.exact_duplicates).toMatchObject({
      in_train: { test: 1 },
      examples: [{ split: 'test', row: copied, train_row: 40 }],
    })
  })

  it('in tolerant mode are left out where they are bad; old rows that were left out stay out', async () => {
    const base = await upload(named('old.csv', 'x,y\n1,a\nbad,a\n3,b\n4,b\n'), { mode: 'tolerant', test_fraction: 0 })
    const after = await append(base, named('new.csv', 'x,y\n5,b\nworse,b\n'))
    expect(marksOf(after)).toEqual([0, 255, 0, 0, 0, 255])
    const errors = analysisOf(after.prepared).problems.filter(({ severity }) => severity === 'error')
    const problems = errors.map(({ file, examples }) => [file, examples[0]?.row])
    expect(problems).toEqual([
      ['old.csv', 3],
      ['new.csv', 3],
    ])
  })

  it('are images of one size, with or without test files', async () => {
    const images = (n: number, first: number, size = 2) =>
      idx(
        [n, size, size],
        Array.from({ length: n * size * size }, (_, i) => (first + i) % 256),
      )
    const labels = (n: number) =>
      idx(
        [n],
        Array.from({ length: n }, (_, i) => i % 2),
      )
    const pair = (split: 'train' | 'test', n: number, first: number) => [
      memorySource(`${split}_images`, images(n, first)),
      memorySource(`${split}_labels`, labels(n)),
    ]
    const base = await upload([...pair('train', 6, 0), ...pair('test', 4, 50)])
    const after = await append(base, pair('train', 3, 100))
    expect(Object.entries(after.prepared.manifest.splits).map(([name, { rows }]) => [name, rows])).toEqual([
      ['test', 4],
      ['train', 9],
    ])
    expect(contents(after.prepared, 'test')).toEqual(contents(base.prepared, 'test'))
    const larger = [memorySource('train_images', images(1, 0, 3)), memorySource('train_labels', labels(1))]
    const { issues } = await rejection(append(base, larger))
    expect(issues[0]).toMatchObject({
      code: 'unequal_shapes',
      message: expect.stringMatching(/images of 1×3×3, the version has images of 1×2×2/),
    })
  })

  it('are folders of pictures', async () => {
    const picture = (value: number) => encodePng({ pixels: new Uint8Array(16).fill(value), height: 4, width: 4, channels: 1 })
    const zip = async (values: readonly number[]) => {
      const files = await Promise.all(
        values.map(async (value) => [`${value % 2 === 0 ? 'even' : 'odd'}/${value}.png`, await picture(value)] as const),
      )
      return zipOf(Object.fromEntries(files))
    }
    const options = { split: { by: 'hash' as const, test: 0.3 } }
    const base = await upload(one(await zip([1, 2, 3, 4, 5, 6, 7, 8])), options)
    const after = await append(base, one(await zip([9, 10])))
    expect(marksOf(after).slice(0, 8)).toEqual(marksOf(base))
    expect(Object.values(after.prepared.manifest.splits).reduce((sum, { rows }) => sum + rows, 0)).toBe(10)
  })
})
