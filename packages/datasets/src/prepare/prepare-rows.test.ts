// What a preparation does beyond reading: splits, targets, categories, reports, quarantine.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { type DatasetAnalysis, datasetAnalysisSchema, type PrepareOptionsInput } from '@trainyard/contracts'
import { parseHeader } from '@trainyard/engine/safetensors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contents, idx, memorySource, pathsOf, rejection, temporaryFolder } from '../testing.ts'
import type { PreparedDataset } from './manifest.ts'
import { prepareDataset } from './prepare-dataset.ts'
import { csvField } from './quarantine.ts'

const prepare = (csv: string, options: PrepareOptionsInput = {}, outDir = temporaryFolder()) =>
  prepareDataset({ sources: [memorySource('file', csv)], options, outDir })

function analysisOf(prepared: PreparedDataset): DatasetAnalysis {
  const { key } = prepared.manifest.analysis ?? { key: '' }
  return datasetAnalysisSchema.parse(JSON.parse(readFileSync(pathsOf(prepared)[key] ?? '', 'utf8')))
}

const rowsOf = (prepared: PreparedDataset) =>
  Object.fromEntries(Object.entries(prepared.manifest.splits).map(([name, { rows }]) => [name, rows]))

/** id, patient, day, side, x, y: 40 rows of 10 patients. */
const VISITS = `id,patient,day,part,x,y\n${Array.from({ length: 40 }, (_, i) => {
  const day = `2024-01-${String((i % 20) + 1).padStart(2, '0')}`
  return `${i},P${i % 10},${day},${i < 30 ? 'train' : i < 35 ? 'val' : 'test'},${(i * 7) % 40},${i % 2 === 0 ? 'a' : 'b'}\n`
}).join('')}`

describe('splits', () => {
  it('by group: the column is no feature, and no group is on two sides', async () => {
    const prepared = await prepare(VISITS, {
      ignore: ['id', 'day', 'part'],
      split: { by: 'group', column: 'patient', test: 0.2, validation: 0.2 },
      seed: 3,
    })
    expect(prepared.manifest.input).toMatchObject({ columns: ['x'] })
    expect(rowsOf(prepared)).toEqual({ train: 24, validation: 8, test: 8 })
    // x = 7i mod 40 gives i = 23x mod 40, and the patient is i mod 10.
    const patients = Object.fromEntries(
      ['train', 'validation', 'test'].map((split) => [split, new Set(contents(prepared, split).x.map((x) => ((23 * x) % 40) % 10))]),
    )
    expect([...(patients.train ?? []), ...(patients.validation ?? []), ...(patients.test ?? [])].sort()).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ])
    expect(prepared.manifest.division).toEqual({ options: { by: 'group', column: 'patient', test: 0.2, validation: 0.2 }, seed: 3 })
  })

  it('by time: dates in ISO 8601, the newest for the test, a day never divided', async () => {
    const prepared = await prepare(VISITS, { ignore: ['id', 'patient', 'part'], split: { by: 'time', column: 'day', test: 0.25 } })
    expect(rowsOf(prepared)).toEqual({ train: 30, test: 10 })
    const days = contents(prepared, 'test').x.map((x) => (((23 * x) % 40) % 20) + 1)
    expect(new Set(days)).toEqual(new Set([16, 17, 18, 19, 20]))
  })

  it('by column, and refuses values that name no split', async () => {
    const options = { ignore: ['id', 'patient', 'day'], split: { by: 'column' as const, column: 'part' } }
    expect(rowsOf(await prepare(VISITS, options))).toEqual({ train: 30, validation: 5, test: 5 })
    const values = { train: ['train', 'val'], test: ['test'] }
    expect(rowsOf(await prepare(VISITS, { ...options, split: { ...options.split, values } }))).toEqual({ train: 35, test: 5 })
    const { issues } = await rejection(prepare(VISITS.replace('train', 'later'), options))
    expect(issues[0]).toMatchObject({ code: 'unknown_split', path: 'row 2, column "part"' })
    const { issues: none } = await rejection(prepare(VISITS.replaceAll('train', 'test'), options))
    expect(none[0]?.code).toBe('no_training_rows')
  })

  it('by hash: rows stay where they are when others are appended', async () => {
    const table = (n: number) => `x,y\n${Array.from({ length: n }, (_, i) => `${i},${i % 3}\n`).join('')}`
    const split = { by: 'hash' as const, test: 0.3, validation: 0.2 }
    const before = await prepare(table(200), { split })
    const after = await prepare(table(300), { split })
    for (const name of ['train', 'validation', 'test']) {
      expect(contents(after, name).x.filter((x) => x < 200)).toEqual(contents(before, name).x)
    }
    // By one column alone, another one may change.
    const keyed = { split: { ...split, columns: ['x'] } }
    const one = await prepare(table(200), keyed)
    const other = await prepare(table(200).replaceAll(',2\n', ',5\n'), keyed)
    expect(contents(other, 'test').x).toEqual(contents(one, 'test').x)
  })

  it('keeps the test files of an upload, and draws a validation split from the training files where asked', async () => {
    const images = (n: number) =>
      memorySource(
        n === 10 ? 'train_images' : 'test_images',
        idx(
          [n, 2, 2],
          Array.from({ length: 4 * n }, (_, i) => i),
        ),
      )
    const labels = (n: number) =>
      memorySource(
        n === 10 ? 'train_labels' : 'test_labels',
        idx(
          [n],
          Array.from({ length: n }, (_, i) => i % 2),
        ),
      )
    const sources = [images(10), labels(10), images(4), labels(4)]
    expect(rowsOf(await prepareDataset({ sources, outDir: temporaryFolder() }))).toEqual({ train: 10, test: 4 })
    const options = { split: { by: 'fraction' as const, validation: 0.2, test: 0.3 } }
    expect(rowsOf(await prepareDataset({ sources, options, outDir: temporaryFolder() }))).toEqual({ train: 8, validation: 2, test: 4 })
  })

  it('refuses shares that leave nothing, and two ways at once', async () => {
    await expect(prepare(VISITS, { split: { by: 'fraction', test: 0.6, validation: 0.5 } })).rejects.toThrow(/0.95/)
    await expect(prepare(VISITS, { test_fraction: 0.1, split: { by: 'fraction' } })).rejects.toThrow(/one of them/)
  })
})

describe('columns', () => {
  const MIXED = 'color,size,when,y\nred,1,2024-01-01,a\nblue,,2024-01-02,b\n,3,2024-01-03T12:00:00Z,a\nred,4,,b\n'

  it('are numbers, categories or dates; missing values are NaN', async () => {
    const prepared = await prepare(MIXED, { test_fraction: 0 })
    expect(prepared.manifest.input).toEqual({
      kind: 'features',
      shape: [3],
      dtype: 'float32',
      columns: ['color', 'size', 'when'],
      categories: [['blue', 'red'], null, null],
    })
    // Days since 1970: 2024-01-01 is 19,723.
    expect(contents(prepared, 'train').x).toEqual([1, 1, 19_723, 0, Number.NaN, 19_724, Number.NaN, 3, 19_725.5, 1, 4, Number.NaN])
    expect(prepared.manifest.statistics).toEqual({
      missing: [1, 1, 1],
      min: [0, 1, 19_723],
      max: [1, 4, 19_725.5],
      median: [null, 3, 19_724],
      mode: [1, 1, 19_723],
      category_counts: [[1, 2], null, null],
    })
    // Categories have no mean; the others leave out what is missing: (1 + 3 + 4) / 3.
    expect(prepared.manifest.normalization.mean).toEqual([
      0,
      expect.closeTo(8 / 3, 10),
      expect.closeTo((19_723 + 19_724 + 19_725.5) / 3, 6),
    ])
    const { problems, profile } = analysisOf(prepared)
    expect(problems.filter(({ code }) => code === 'missing_value').map(({ column, count }) => [column, count])).toEqual([
      ['size', 1],
      ['when', 1],
    ])
    expect(profile.columns?.map(({ name, type, missing }) => [name, type, missing])).toEqual([
      ['color', 'category', 1],
      ['size', 'number', 1],
      ['when', 'date', 1],
    ])
  })

  it('of numbers may be named categories, and any column may be ignored', async () => {
    const csv = 'id,zip,y\n1,20095,a\n2,10115,b\n3,20095,a\n'
    const prepared = await prepare(csv, { test_fraction: 0, categories: ['zip'], ignore: ['id'] })
    expect(prepared.manifest.input).toMatchObject({ columns: ['zip'], categories: [['10115', '20095']] })
    expect(contents(prepared, 'train').x).toEqual([1, 0, 1])
  })

  it('with too many texts are refused with advice', async () => {
    const csv = `name,x,y\n${Array.from({ length: 1100 }, (_, i) => `n${i},${i},${i % 2}\n`).join('')}`
    const { issues } = await rejection(prepare(csv))
    expect(issues).toEqual([expect.objectContaining({ code: 'too_many_categories', hint: expect.stringContaining('ignore') })])
    expect((await prepare(csv, { ignore: ['name'] })).manifest.input).toMatchObject({ columns: ['x'] })
  })

  it('that do not exist are all reported', async () => {
    const options = { target: 'nope', ignore: ['also'], split: { by: 'group' as const, column: 9 } }
    const { issues } = await rejection(prepare(MIXED, options))
    expect(issues.map(({ code, path }) => [code, path])).toEqual([
      ['no_such_column', 'column "also"'],
      ['no_such_column', 'column "9"'],
      ['no_such_column', 'column "nope"'],
    ])
  })
})

describe('targets', () => {
  it('of several values', async () => {
    const prepared = await prepare('a,u,v\n1,2,3\n4,5,6\n', { target: ['u', 'v'], test_fraction: 0 })
    expect(prepared.manifest.target).toEqual({ kind: 'value', size: 2, columns: ['u', 'v'] })
    expect(contents(prepared, 'train')).toEqual({ x: [1, 4], y: [2, 3, 5, 6] })
  })

  it('of several labels: columns of 0 and 1, or lists in one column', async () => {
    const columns = await prepare('a,cat,dog\n1,1,0\n2,1,1\n3,0,0\n', {
      target: ['cat', 'dog'],
      target_kind: 'multi_label',
      test_fraction: 0,
    })
    const listed = await prepare('a,tags\n1,cat\n2,dog | cat\n3,\n', { target_kind: 'multi_label', test_fraction: 0 })
    for (const prepared of [columns, listed]) {
      expect(prepared.manifest.target).toEqual({ kind: 'multi_label', classes: ['cat', 'dog'] })
      expect(contents(prepared, 'train')).toEqual({ x: [1, 2, 3], y: [1, 0, 1, 1, 0, 0] })
      expect(prepared.manifest.splits.train?.class_counts).toEqual([2, 1])
    }
    expect(listed.manifest.digest).toBe(columns.manifest.digest)
    const { issues } = await rejection(prepare('x,a,b\n1,2,0\n3,1,1\n', { target_kind: 'multi_label', target: ['a', 'b'] }))
    expect(issues.map(({ code }) => code)).toEqual(['not_a_label'])
  })

  it('of two levels', async () => {
    const csv = 'x,fine,coarse\n1,rose,flower\n2,pike,fish\n3,tulip,flower\n4,rose,flower\n'
    const prepared = await prepare(csv, { target: 'fine', coarse_target: 'coarse', test_fraction: 0 })
    expect(prepared.manifest.input).toMatchObject({ columns: ['x'] })
    expect(prepared.manifest.target).toEqual({
      kind: 'class',
      classes: ['pike', 'rose', 'tulip'],
      coarse: { classes: ['fish', 'flower'], of: [0, 1, 1] },
    })
    expect(analysisOf(prepared).profile.splits.train?.coarse_classes).toEqual([
      { label: 'fish', count: 1, share: 0.25 },
      { label: 'flower', count: 3, share: 0.75 },
    ])
    const { issues } = await rejection(prepare(csv.replace('4,rose,flower', '4,rose,fish'), { target: 'fine', coarse_target: 'coarse' }))
    expect(issues[0]).toMatchObject({ code: 'inconsistent_hierarchy', path: 'row 5, column "coarse"' })
  })

  it('of nothing but the inputs', async () => {
    const prepared = await prepare('a,b\n1,2\n3,4\n', { target_kind: 'none', test_fraction: 0 })
    expect(prepared.manifest).toMatchObject({ target: { kind: 'none' }, input: { columns: ['a', 'b'] } })
    const { key } = prepared.manifest.splits.train?.shards[0] ?? { key: '' }
    expect([...parseHeader(readFileSync(pathsOf(prepared)[key] ?? '')).tensors.keys()]).toEqual(['x'])
  })
})

describe('the report', () => {
  const BAD = 'a,b,y\n1,2,p\nx,3,q\n4,5,p\n5,6\n=cmd(),8,q\n9,1e39,p\n7,7,\n2,9,q\n6,1,p\n8,4,q\n'

  it('in tolerant mode leaves bad rows out and keeps them for download, formulas made harmless', async () => {
    const prepared = await prepare(BAD, { mode: 'tolerant', test_fraction: 0 })
    expect(contents(prepared, 'train').x).toEqual([1, 2, 4, 5, 2, 9, 6, 1, 8, 4])
    const analysis = analysisOf(prepared)
    expect(analysis).toMatchObject({ mode: 'tolerant', rows: { read: 10, used: 5, quarantined: 5 }, capped: false })
    expect(analysis.problems.map(({ code, column, count, severity }) => [code, column, count, severity])).toEqual([
      ['wrong_cell_count', null, 1, 'error'],
      ['not_a_number', 'a', 2, 'error'],
      ['out_of_range', 'b', 1, 'error'],
      ['missing_target', 'y', 1, 'error'],
    ])
    expect(analysis.problems[1]).toMatchObject({
      examples: [
        { row: 3, value: 'x' },
        { row: 6, value: '=cmd()' },
      ],
      file: 'table.csv',
    })
    const { quarantine } = prepared.manifest
    const bytes = readFileSync(pathsOf(prepared)[quarantine?.key ?? ''] ?? '')
    expect(quarantine).toMatchObject({ rows: 5, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
    const lines = bytes.toString().trimEnd().split('\r\n')
    expect(lines[0]).toBe('row,code,column,value,content')
    expect(lines.slice(1).map((line) => line.split(',').slice(0, 2))).toEqual([
      ['5', 'wrong_cell_count'],
      ['3', 'not_a_number'],
      ['6', 'not_a_number'],
      ['7', 'out_of_range'],
      ['8', 'missing_target'],
    ])
    expect(lines[3]).toBe(`6,not_a_number,a,'=cmd(),"'=cmd(),8,q"`)
  })

  it('in strict mode refuses them all at once', async () => {
    const { issues, hint } = await rejection(prepare(BAD))
    expect(issues.map(({ code }) => code).sort()).toEqual(['missing_target', 'not_a_number', 'out_of_range', 'wrong_cell_count'])
    // As a spreadsheet counts: the header is row 1.
    const examples = [
      { row: 3, value: 'x' },
      { row: 6, value: '=cmd()' },
    ]
    expect(issues.find(({ code }) => code === 'not_a_number')?.data).toEqual({ file: 'table.csv', column: 'a', count: 2, examples })
    expect(hint).toContain('"tolerant"')
  })

  it('warns of constant columns, empty ones, classes of one row and classes without training rows', async () => {
    const csv = 'a,b,e,part,y\n1,5,,train,p\n2,5,,train,q\n3,5,,train,p\n4,5,,test,r\n5,5,,test,r\n'
    const { problems } = analysisOf(await prepare(csv, { split: { by: 'column', column: 'part' } }))
    expect(problems.map(({ code, column }) => [code, column]).sort()).toEqual([
      ['constant_column', 'b'],
      ['empty_column', 'e'],
      ['missing_value', 'e'],
      ['rare_class', 'q'],
      ['unknown_label', 'r'],
    ])
  })

  it('warns of columns that name rows: texts of which none comes twice, and numbers that count', async () => {
    const row = (i: number) => `${i + 1},name ${i},${['x', 'y'][i % 2]},${i === 11 ? 10 : i},${i * 1.5},${i % 3 === 0 ? 'p' : 'q'}`
    const csv = `n,name,kind,twice,half,y\n${Array.from({ length: 12 }, (_, i) => row(i)).join('\n')}\n`
    const named = ({ problems }: ReturnType<typeof analysisOf>) =>
      problems.filter(({ code }) => code === 'identifying_column').map(({ column }) => column)
    expect(named(analysisOf(await prepare(csv)))).toEqual(['n', 'name'])
    expect(named(analysisOf(await prepare(csv, { id: 'n', ignore: ['name'] })))).toEqual([])
  })

  it('finds leakage: copies across splits, conflicting labels, a group that tells the class', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${i},${(i * 31) % 17},H${i % 2},${i < 40 ? 'train' : 'test'},${i % 2 === 0 ? 'ill' : 'well'}`,
    )
    // Rows 41 and 42 (from 0) become copies of rows 1 and 3; row 42 with another class.
    rows[41] = '1,14,H1,test,well'
    rows[42] = '3,8,H1,test,ill'
    const csv = `x,z,hospital,part,y\n${rows.join('\n')}\n`
    const { leakage } = analysisOf(await prepare(csv, { ignore: ['hospital'], split: { by: 'column', column: 'part' } }))
    expect(leakage.exact_duplicates).toEqual({
      exact: true,
      within: { train: 0, test: 0 },
      in_train: { test: 2 },
      examples: [
        { split: 'test', row: 41, train_row: 1 },
        { split: 'test', row: 42, train_row: 3 },
      ],
    })
    expect(leakage.label_conflicts).toEqual({ inputs: 1, examples: [{ row: 42, other_row: 3 }] })
    expect(leakage.near_duplicates).toBeNull()
    expect(leakage.predictive_columns).toMatchObject([{ column: 'hospital', role: 'ignored' }])
  })

  it('counts near duplicates of images', async () => {
    const picture = (i: number) =>
      Array.from({ length: 256 }, (_, p) =>
        Math.round(127 + 100 * Math.sin((i + 1) * 0.7 + (p % 16) * (0.3 + i * 0.05) + Math.floor(p / 16) * 0.2)),
      )
    const train = Array.from({ length: 20 }, (_, i) => picture(i))
    const test = [picture(3).map((pixel) => pixel + 2), picture(50)]
    const sources = [
      memorySource('train_images', idx([20, 16, 16], train.flat())),
      memorySource(
        'train_labels',
        idx(
          [20],
          Array.from({ length: 20 }, (_, i) => i % 2),
        ),
      ),
      memorySource('test_images', idx([2, 16, 16], test.flat())),
      memorySource('test_labels', idx([2], [0, 1])),
    ]
    const { leakage, profile } = analysisOf(await prepareDataset({ sources, outDir: temporaryFolder() }))
    expect(leakage.near_duplicates).toMatchObject({
      compared: 22,
      in_train: { test: 1 },
      examples: [{ split: 'test', row: 20, train_row: 3 }],
    })
    expect(profile.images).toMatchObject({ channels: 1, height: 16, width: 16, sizes: [{ height: 16, width: 16, count: 22 }] })
    expect(profile.images?.histogram[0]?.reduce((a, b) => a + b, 0)).toBe(22 * 256)
    expect(profile.splits.train?.classes).toEqual([
      { label: '0', count: 10, share: 0.5 },
      { label: '1', count: 10, share: 0.5 },
    ])
  })
})

describe('preparation', () => {
  it('leaves nothing but the files of the version, however it ends', async () => {
    // More than one block of the spool.
    const rows = `x,y\n${Array.from({ length: 20_000 }, (_, i) => `${i},${i % 3}\n`).join('')}`
    const folder = temporaryFolder()
    const prepared = await prepare(rows, {}, folder)
    const index = ['index-00000.safetensors', 'index-summary.safetensors']
    expect(readdirSync(folder).sort()).toEqual(['analysis.json', ...index, 'test-00000.safetensors', 'train-00000.safetensors'])
    expect(contents(prepared, 'train').x.length + contents(prepared, 'test').x.length).toBe(20_000)
    const failed = temporaryFolder()
    await rejection(prepare(`${rows}oops,1\n`, {}, failed))
    expect(readdirSync(failed)).toEqual([])
    for (const stage of ['parse', 'check', 'write'] as const) {
      const abort = new AbortController()
      const stopped = temporaryFolder()
      const work = prepareDataset({
        sources: [memorySource('file', rows)],
        outDir: stopped,
        signal: abort.signal,
        onProgress: (progress) => {
          if (progress.stage === stage) abort.abort(new Error(`stopped at ${stage}`))
        },
      })
      await expect(work).rejects.toThrow(`stopped at ${stage}`)
      expect(readdirSync(stopped).filter((name) => name.includes('spool'))).toEqual([])
    }
  })

  it('gives the same files when it is repeated after having been stopped', async () => {
    const first = await prepare(VISITS, { seed: 5 })
    const again = await prepare(VISITS, { seed: 5 })
    expect(again.manifest).toEqual(first.manifest)
  })
})

describe('requirement 35: exports hold no formulas', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['-5', '-5'],
    ['-5+1', "'-5+1"],
    ['+49 40 1', "'+49 40 1"],
    ['a,"b"', '"a,""b"""'],
    ['\tx', "'\tx"],
    ['plain', 'plain'],
  ])('%s becomes %s', (text, field) => {
    expect(csvField(text)).toBe(field)
  })

  it('for any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const field = csvField(text)
        const content = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
        expect(/^[=+\-@\t\r]/.test(content) && Number.isNaN(Number(content))).toBe(false)
        expect([text, `'${text}`]).toContain(content)
      }),
    )
  })
})
