import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAll, rejection } from '../../testing.ts'
import { CELL } from '../row-source.ts'
import { bytesSource } from '../source.ts'
import { parseDecimal } from './number.ts'

const source = (content: string | Uint8Array, piece = 5) => bytesSource('file', 'table.csv', Buffer.from(content), piece)
const names = async (content: string | Uint8Array, options = {}) =>
  (await readAll(source(content), options)).source.columns.map(({ name }) => name)

describe('parseDecimal', () => {
  const parse = (text: string) => parseDecimal(Buffer.from(`${text}9`), 0, Buffer.byteLength(text))

  it('agrees with Number for every spelling of every number, to the last bit', () => {
    const spelled = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential(fc.sample(fc.nat(20), 1)[0])),
      fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: -330, max: 310 })).map(([a, b]) => `${a}e${b}`),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `+${a}.${b}`),
      fc.constantFrom(
        '0',
        '-0',
        '.5',
        '5.',
        '1e5',
        '1E-5',
        '9007199254740993',
        '1e400',
        '1e-400',
        '0.1',
        '1e22',
        '1e23',
        '123456789012345678',
      ),
    )
    fc.assert(
      fc.property(spelled, (text) => {
        expect(parse(text)).toBe(Number(text))
      }),
      { numRuns: 5000, seed: 1 },
    )
  })

  it.each(['', '+', '-', '.', 'e5', '1e', '1e+', '0x10', '1_0', '1,5', 'Infinity', 'inf', 'NaN', '1.2.3', '1 2', '--1', '١'])(
    'takes %j for no number',
    (text) => {
      expect(parse(text)).toBeNaN()
    },
  )
})

describe('CSV', () => {
  it('reads quotes, blanks, empty cells and every kind of line end', async () => {
    const content = 'a,b,c\n1,"x, ""y""\nz",3\r\n 4 ,  ,"6"\r7,8,9'
    for (const piece of [1, 2, 3, 1000]) {
      const { rows, rowNumbers, problems } = await readAll(source(content, piece))
      expect(problems).toEqual([])
      expect(rows).toEqual([
        ['1', 'x, "y"\nz', '3'],
        ['4', '', '6'],
        ['7', '8', '9'],
      ])
      expect(rowNumbers).toEqual([2, 3, 4])
    }
  })

  it('gives the same for any table that is written by the rules of RFC 4180', async () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', '7', ';', '\t', '😀'), maxLength: 5 }),
      fc.constant('12.5'),
    )
    const table = fc
      .nat(4)
      .chain((more) => fc.array(fc.array(cell, { minLength: more + 2, maxLength: more + 2 }), { minLength: 1, maxLength: 6 }))
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 20 }),
        async (rows, delimiter, end, piece) => {
          const text = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(delimiter)).join(end) + end
          const read = await readAll(source(text, piece), { header: false, delimiter: delimiter as ',' })
          expect(read.problems).toEqual([])
          expect(read.rows).toEqual(rows)
        },
      ),
      { numRuns: 300, seed: 2 },
    )
  })

  it('tells numbers, texts and missing values apart, with the spellings that are asked for', async () => {
    const content = 'a,b\n1,x\nNA,?\n-,unknown\n"",0\n'
    const states = async (options: object) => {
      const opened = (await readAll(source(content), options)).source
      for await (const batch of opened.read({ onProblem: () => {} })) {
        return batch.columns.map((column) => (column.kind === 'cells' ? [...column.states] : []))
      }
      return []
    }
    const { missing, number, text } = CELL
    expect(await states({})).toEqual([
      [number, missing, text, missing],
      [text, missing, text, number],
    ])
    expect(await states({ missing_values: ['-', 'Unknown'] })).toEqual([
      [number, text, missing, missing],
      [text, text, missing, number],
    ])
  })

  it.each([
    ['a comma', 'a,b\n1,2\n', ['a', 'b']],
    ['a semicolon with decimal commas', 'a;b\n1,5;2,5\n2,5;3,5\n', ['a', 'b']],
    ['a tab', 'a\tb c\n1\tx, y\n', ['a', 'b c']],
    ['a bar', 'a|b\n1|2\n', ['a', 'b']],
    ['no header', '1,2\n3,4\n', ['column_0', 'column_1']],
    ['an index without a name, as pandas writes it', ',a,b\n0,1,2\n', ['column_0', 'a', 'b']],
    ['delimiters in quotes', 'a,b\n"1;2;3","4;5;6"\n"7;8;9","1;2;3"\n', ['a', 'b']],
  ])('finds %s', async (_, content, expected) => {
    expect(await names(content)).toEqual(expected)
  })

  it('obeys the options where it would guess otherwise', async () => {
    expect(await names('1,2\n3,4\n', { header: true })).toEqual(['1', '2'])
    expect(await names('a,b\nc,d\n', { header: false })).toEqual(['column_0', 'column_1'])
    expect(await names('a;b,c\n1;2,3\n', { delimiter: ';' })).toEqual(['a', 'b,c'])
    expect((await readAll(source('{"a": 1}\n'), { format: 'csv' })).source.columns).toHaveLength(1)
  })

  it.each([
    ['UTF-8', Buffer.from('größe,ziel\n1,ä\n')],
    ['UTF-8 with a mark', Buffer.from('\ufeffgröße,ziel\n1,ä\n')],
    ['UTF-16, little end first', Buffer.from('\ufeffgröße,ziel\n1,ä\n', 'utf16le')],
    ['UTF-16, big end first', Buffer.from('\ufeffgröße,ziel\n1,ä\n', 'utf16le').swap16()],
    ['Latin-1', Buffer.from('größe,ziel\n1,ä\n', 'latin1')],
    ['gzip', gzipSync('größe,ziel\n1,ä\n')],
  ])('reads %s', async (_, bytes) => {
    for (const piece of [1, 1000]) {
      const { rows, source: opened } = await readAll(source(bytes, piece))
      expect(opened.columns.map(({ name }) => name)).toEqual(['größe', 'ziel'])
      expect(rows).toEqual([['1', 'ä']])
    }
  })

  it('leaves rows out that it cannot read, and says which and why', async () => {
    const content = Buffer.concat([
      Buffer.from(`a,b\n1,x\n2\n3,"y"z\n4,w,v\n5,${'é'.repeat(3000)}\n6,`),
      Buffer.from([0xe9]),
      Buffer.from('\n7,q\n8,"open\n'),
    ])
    const { rows, problems } = await readAll(source(content, 4096))
    expect(rows.map(([a]) => a)).toEqual(['1', '5', '7'])
    expect(problems.map(({ code, row, raw }) => [code, row, raw])).toEqual([
      ['wrong_cell_count', 3, '2'],
      ['bad_quotes', 4, '3,"y"z'],
      ['wrong_cell_count', 5, '4,w,v'],
      ['bad_quotes', 9, '8,"open\n'],
      ['bad_encoding', 7, undefined],
    ])
  })

  it('continues from the position of any batch with the same rows', async () => {
    const content = `a,b\n${Array.from({ length: 5000 }, (_, i) => `${i},"t${i}"`).join('\n')}\n`
    const limits = { recordBytesMax: 1000 }
    const whole = await readAll(source(content, 4096), {}, limits)
    const positions = []
    for await (const batch of whole.source.read({ onProblem: () => {} }))
      positions.push({ next: batch.next, last: batch.rowNumber(batch.rows - 1) })
    expect(positions.length).toBeGreaterThan(20)
    for (const { next, last } of [positions[0], positions[13], positions.at(-1)].filter((position) => position !== undefined)) {
      const rest = await readAll(source(content, 4096), {}, limits, next)
      expect(rest.rows).toEqual(whole.rows.slice(last - 1))
      expect(rest.rowNumbers).toEqual(whole.rowNumbers.slice(last - 1))
    }
  })

  it('requirement 26: keeps prototypes out of reach of column names', async () => {
    const { rows, source: opened } = await readAll(source('__proto__,constructor,toString\n1,2,3\n'))
    expect(opened.columns.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(rows).toEqual([['1', '2', '3']])
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('refuses a file of nothing but line ends, and a record beyond the limit', async () => {
    expect((await rejection(readAll(source('\n\n \n')))).issues[0]?.code).toBe('no_rows')
    expect((await rejection(readAll(source(`a,b\n"${'x\n'.repeat(5000)}`), {}, { recordBytesMax: 1000 }))).message).toMatch(
      /never closed.*row 2/,
    )
  })
})
