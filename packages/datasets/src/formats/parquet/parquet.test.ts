import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readAll, rejection } from '../../testing.ts'
import { bytesSource } from '../source.ts'

/** As DuckDB writes them, tests/golden/parquet.mjs; encodings as hyparquet-writer does, tests/golden/parquet-encodings.mjs. */
const golden = (name: string) => readFileSync(new URL(`../../../golden/${name}.golden.parquet`, import.meta.url))
const source = (bytes: Uint8Array) => bytesSource('file', 'data.parquet', bytes)

/** Row i of the golden cells, by the formulas of tests/golden/parquet.mjs. */
function expected(i: number): string[] {
  const day = new Date(Date.UTC(2024, 0, 31) + (i % 400) * 86_400_000).toISOString().slice(0, 10)
  const moment = new Date(Date.UTC(2024, 0, 31, 12) + i * 1000).toISOString()
  return [
    String(i),
    i % 7 === 3 ? '' : String(i * 1000003),
    String(i % 200),
    i % 7 === 5 ? '' : String(i / 8),
    String(i / 16),
    String(i % 3 === 0),
    i % 7 === 1 ? '' : `ä${i % 5}`,
    day,
    moment,
    String(i / 100),
  ]
}

describe('Parquet', () => {
  it.each(['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'v2'])(
    'reads every type of cell, %s, as DuckDB wrote it',
    async (codec) => {
      const { rows, source: opened, problems, rowNumbers } = await readAll(source(golden(`cells-${codec}`)))
      expect(opened.columns.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
        ['i32', 'i64', 'u8', 'f64', 'f32', 'flag', 'word', 'day', 'moment', 'money'].map((name) => `cells ${name}`),
      )
      expect(opened.rowCount).toBe(5000)
      expect(problems).toEqual([])
      expect(rows).toEqual(Array.from({ length: 5000 }, (_, i) => expected(i)))
      expect(rowNumbers[4999]).toBe(5000)
    },
  )

  it('reads values by differences and by bytes, as hyparquet-writer wrote them', async () => {
    const { rows, problems } = await readAll(source(golden('encodings')))
    expect(problems).toEqual([])
    expect(rows).toEqual(
      Array.from({ length: 500 }, (_, i) => [
        `class-${i % 3}/übung-${i >> 4}/${i}.png`,
        i % 7 === 1 ? '' : 'x'.repeat(i % 5),
        i % 7 === 2 ? '' : 'ä'.repeat(i % 4),
        String(i % 2 === 0 ? 2_147_483_647 - i : -2_147_483_648 + i),
        String(i * 1_000_003 * (i % 2 === 0 ? 1 : -1)),
        String(i / 16 - 3),
        i % 7 === 5 ? '' : String(i / 8),
        String(i % 3 === 0),
      ]),
    )
  })

  it('reads lists as arrays, and lists of lists of bytes as images', async () => {
    const { rows, source: opened } = await readAll(source(golden('lists')))
    expect(opened.columns).toEqual([
      { kind: 'tensor', name: 'v', role: null, dtype: 'float32', shape: [3] },
      { kind: 'tensor', name: 'pixels', role: 'input', dtype: 'uint8', shape: [1, 3, 2] },
      { kind: 'cells', name: 'label', role: 'target' },
    ])
    expect(rows).toEqual(Array.from({ length: 3000 }, (_, i) => [[i, i + 1, i + 2], [i % 256, 1, 2, 3, 4, 5], String(i)]))
  })

  it('leaves rows out whose lists have another shape', async () => {
    const { rows, problems } = await readAll(source(golden('ragged')))
    expect(rows.map((row) => row[1])).toEqual(['0', '1', '3', '5'])
    expect(problems.map(({ code, row }) => [code, row])).toEqual([
      ['wrong_shape', 3],
      ['wrong_shape', 5],
    ])
  })

  it('continues from the position of any batch', async () => {
    const bytes = source(golden('cells-snappy'))
    const whole = await readAll(bytes)
    const positions = []
    for await (const { next } of whole.source.read({ onProblem: () => {} })) positions.push(next)
    expect(positions.length).toBeGreaterThan(2)
    for (const next of positions.slice(0, -1)) expect((await readAll(bytes, {}, {}, next)).rows).toEqual(whole.rows.slice(next[0]))
  })

  it('refuses files without rows and files that are cut off, with the reason', async () => {
    expect((await rejection(readAll(source(golden('empty'))))).issues[0]?.code).toBe('no_rows')
    const whole = golden('ragged')
    for (let length = 1; length < whole.length; length++) {
      const error = await rejection(readAll(source(whole.subarray(0, length)), { format: 'parquet' }))
      expect(error.code).toBe('invalid_data')
    }
  })
})
