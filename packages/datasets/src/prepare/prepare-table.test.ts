import { gzipSync } from 'node:zlib'
import type { PrepareOptions } from '@trainyard/contracts'
import { describe, expect, it } from 'vitest'
import { contents, memorySource, rejection, temporaryFolder } from '../testing.ts'
import { prepareDataset } from './prepare-dataset.ts'

/** Rows of Fisher's iris data (1936), two of each species. */
const IRIS = `sepal_length,sepal_width,petal_length,petal_width,species
5.1,3.5,1.4,0.2,setosa
4.9,3.0,1.4,0.2,setosa
7.0,3.2,4.7,1.4,versicolor
6.4,3.2,4.5,1.5,versicolor
6.3,3.3,6.0,2.5,virginica
5.8,2.7,5.1,1.9,virginica
`

const prepare = (csv: string | Uint8Array, options: Partial<PrepareOptions> = { test_fraction: 0 }, piece = 7) =>
  prepareDataset({ sources: [memorySource('file', csv, piece)], options, outDir: temporaryFolder() })

describe('prepareTable', () => {
  it('divides by the hash of a name whatever the order of rows, also beyond the 32,768 names that a column remembers', async () => {
    const rows = Array.from({ length: 34_000 }, (_, i) => `r${i},${i},${i % 2}\n`)
    const testRows = async (list: readonly string[]) => {
      const options = { target: 'y', ignore: ['id'], split: { by: 'hash' as const, columns: ['id'], test: 0.3, validation: 0 } }
      const prepared = await prepare(`id,x,y\n${list.join('')}`, options, 65_536)
      return contents(prepared, 'test').x.toSorted((a, b) => a - b)
    }
    expect(await testRows(rows.toReversed())).toEqual(await testRows(rows))
  })

  it('reads iris: names, classes, numbers, statistics', async () => {
    const prepared = await prepare(IRIS)
    expect(prepared.manifest).toMatchObject({
      input: { kind: 'features', shape: [4], columns: ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'] },
      target: { kind: 'class', classes: ['setosa', 'versicolor', 'virginica'] },
      splits: { train: { rows: 6, class_counts: [2, 2, 2] } },
    })
    const { x, y } = contents(prepared, 'train')
    expect(x.slice(0, 5)).toEqual([5.1, 3.5, 1.4, 0.2, 4.9].map(Math.fround))
    expect(y).toEqual([0, 0, 1, 1, 2, 2])
    // By hand: petal lengths 1.4 1.4 4.7 4.5 6 5.1, mean 23.1 / 6, variance 108.27 / 6 − 3.85².
    expect(prepared.manifest.normalization.mean[2]).toBeCloseTo(3.85, 6)
    expect(prepared.manifest.normalization.std[2]).toBeCloseTo(Math.sqrt(108.27 / 6 - 3.85 ** 2), 6)
  })

  it.each([
    ['semicolons', IRIS.replaceAll(',', ';')],
    ['tabs', IRIS.replaceAll(',', '\t')],
    ['CRLF, a BOM, blanks and an empty line', `\ufeff${IRIS.replaceAll('\n', '\r\n').replace('6.4,3.2', ' 6.4 , 3.2')}\r\n`],
    ['quotes', IRIS.replaceAll('setosa', '"setosa"')],
    ['gzip', gzipSync(IRIS)],
  ])('gives the same content with %s', async (_, csv) => {
    expect((await prepare(csv)).manifest).toEqual((await prepare(IRIS)).manifest)
  })

  it('reads a table without header, target by index', async () => {
    const csv = '3,0.5,1\n7,0.25,2\n3,1,3\n'
    for (const target of [0, '0']) {
      const prepared = await prepare(csv, { target, test_fraction: 0 })
      expect(prepared.manifest).toMatchObject({ input: { columns: ['column_1', 'column_2'] }, target: { classes: ['3', '7'] } })
      expect(contents(prepared, 'train')).toEqual({ x: [0.5, 1, 0.25, 2, 1, 3], y: [0, 1, 0] })
    }
  })

  it('predicts numbers where the target has fractions, unless told otherwise', async () => {
    const csv = 'a,price\n1,10.5\n2,20\n3,30\n'
    const value = await prepare(csv)
    expect(value.manifest.target).toEqual({ kind: 'value', size: 1, columns: ['price'] })
    expect(contents(value, 'train').y).toEqual([10.5, 20, 30])
    expect((await prepare(csv, { test_fraction: 0, target_kind: 'class' })).manifest.target).toMatchObject({
      classes: ['10.5', '20', '30'],
    })
    expect((await prepare('a,n\n1,10\n2,9\n3,10.0\n')).manifest.target).toEqual({ kind: 'class', classes: ['9', '10'] })
  })

  it.each(['0x10', '0B1', '0o7', '1_000', '1e', '--1', 'Infinity'])('does not take %s for a number', async (cell) => {
    const { issues } = await rejection(prepare(`a,y\n1,p\n2,p\n${cell},q\n`))
    expect(issues[0]?.path).toBe('row 4, column "a"')
  })

  it('splits reproducibly, each class by itself', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${i},${i % 4 === 0 ? 'rare' : 'common'}`).join('\n')
    const of = async (seed: number) => await prepare(rows, { seed, test_fraction: 0.2 })
    const a = await of(1)
    expect(a.manifest.splits).toMatchObject({ train: { rows: 80, class_counts: [60, 20] }, test: { rows: 20, class_counts: [15, 5] } })
    const ids = [...contents(a, 'train').x, ...contents(a, 'test').x].sort((x, y) => x - y)
    expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect((await of(1)).manifest).toEqual(a.manifest)
    expect((await of(2)).manifest.digest).not.toBe(a.manifest.digest)
  })

  it('reports every mistake at once, grouped by column, with rows and hints', async () => {
    const csv = 'a,b,y\n1,2,p\nx,3,q\n,4,p\n5,"1,5",q\n6,7\nx2,8,\n9,1e39,p\n'
    const { code, issues } = await rejection(prepare(csv))
    expect(code).toBe('invalid_data')
    expect(issues.map((issue) => [issue.path, issue.code]).sort()).toEqual([
      ['row 3, column "a"', 'not_a_number'],
      ['row 5, column "b"', 'not_a_number'],
      ['row 6', 'wrong_cell_count'],
      ['row 7, column "y"', 'missing_target'],
      ['row 8, column "b"', 'out_of_range'],
    ])
    expect(issues.find(({ path }) => path === 'row 3, column "a"')?.message).toBe(
      'table.csv column "a": text where a number is expected (2 rows, first row 3: "x"; row 7: "x2").',
    )
    expect(issues.find(({ path }) => path === 'row 5, column "b"')?.hint).toContain('decimal points')
  })

  it('keeps the report small for a million mistakes of many kinds', async () => {
    const width = 200
    const lineOf = (cell: string) => `${Array.from({ length: width }, () => cell).join(',')}\n`
    const names = `${Array.from({ length: width }, (_, i) => `c${i}`).join(',')}\n`
    const { issues, message } = await rejection(prepare(names + lineOf('1').repeat(501) + lineOf('bad').repeat(500), {}, 60_000))
    expect(issues.length).toBe(50)
    expect(message).toContain('99500 problems')
  })

  it.each([
    ['an unknown target', IRIS, { target: 'Species' }, 'no_such_column', /"sepal_length".*"species"/],
    ['an index out of range', IRIS, { target: 5 }, 'no_such_column', /columns are/],
    ['one column', 'a\n1\n2\n', {}, 'too_few_columns', /one column/],
    ['a header only', 'a,b\n', {}, 'no_rows', /no row/],
    ['blank lines only', '\n\n', {}, 'no_rows', /./],
    ['an open quote', 'a,b\n1,"x\n', {}, 'bad_quotes', /[Qq]uote/],
    ['a name twice', 'a,a,y\n1,2,3\n', { header: true }, 'duplicate_column', /twice/],
    ['text for a value', 'a,y\n1,2.5\n2,high\n', { target_kind: 'value' }, 'not_a_number', /"high"/],
  ] as const)('refuses %s', async (_, csv, options, code, text) => {
    const error = await rejection(prepare(csv, options))
    expect(error.issues[0]?.code).toBe(code)
    expect(error.message).toMatch(text)
  })

  it('leaves prototypes alone', async () => {
    const prepared = await prepare('__proto__,constructor,y\n1,2,toString\n3,4,__proto__\n')
    expect(prepared.manifest.input).toMatchObject({ columns: ['__proto__', 'constructor'] })
    expect(prepared.manifest.target).toEqual({ kind: 'class', classes: ['__proto__', 'toString'] })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('bounds classes, columns and records', async () => {
    const attempt = (csv: string, limits: Record<string, number>) =>
      rejection(prepareDataset({ sources: [memorySource('file', csv, 4096)], outDir: temporaryFolder(), limits }))
    expect((await attempt('a,y\n1,p\n2,q\n3,r\n', { classesMax: 2 })).issues[0]?.code).toBe('too_many_classes')
    expect((await attempt('a,b,y\n1,2,p\n', { columnsMax: 2 })).issues[0]?.code).toBe('too_many_columns')
    expect((await attempt(`a,y\n1,${'p'.repeat(5000)}\n`, { recordBytesMax: 1000 })).issues[0]?.code).toBe('bad_csv')
    expect((await attempt('a,y\n1,p\n2,q\n3,r\n', { rowsMax: 2 })).issues[0]?.code).toBe('too_many_rows')
  })
})
