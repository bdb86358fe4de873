import { describe, expect, it } from 'vitest'
import { readAll, rejection } from '../testing.ts'
import { bytesSource } from './source.ts'

const source = (content: string | Uint8Array, piece = 7) => bytesSource('file', 'rows.jsonl', Buffer.from(content), piece)

describe('JSONL', () => {
  it('makes columns of keys and arrays of lists', async () => {
    const content = '{"x": [[1, 2], [3, 4]], "name": "ä", "n": 1.5}\n\n{"n": null, "x": [[5, 6], [7, 8]], "ok": true}\r\n'
    const { rows, source: opened, problems, rowNumbers } = await readAll(source(content))
    expect(problems).toEqual([])
    expect(opened.columns).toEqual([
      { kind: 'tensor', name: 'x', role: null, dtype: 'float32', shape: [2, 2] },
      { kind: 'cells', name: 'name', role: null },
      { kind: 'cells', name: 'n', role: null },
      { kind: 'cells', name: 'ok', role: null },
    ])
    expect(rows).toEqual([
      [[1, 2, 3, 4], 'ä', '1.5', ''],
      [[5, 6, 7, 8], '', '', 'true'],
    ])
    expect(rowNumbers).toEqual([1, 3])
  })

  it('reports lines that it cannot use, with their numbers and texts', async () => {
    const good = '{"x": [1, 2], "y": 1}\n'
    const { rows, problems } = await readAll(
      source(`${good}{"x": [1], "y": 1}\n[1]\n{"x": [1, "2"], "y": 1}\n{x}\n${good.repeat(1200)}{"x": [1, 2], "z": 1}\n`),
    )
    expect(rows).toHaveLength(1201)
    expect(problems.map(({ code, row }) => [code, row])).toEqual([
      ['wrong_shape', 2],
      ['not_an_object', 3],
      ['wrong_shape', 4],
      ['bad_json', 5],
      ['unknown_key', 1206],
    ])
    expect(problems[0]?.raw).toBe('{"x": [1], "y": 1}')
  })

  it('requirement 26: keeps prototypes out of reach of keys', async () => {
    const { rows, source: opened } = await readAll(source('{"__proto__": 1, "constructor": {"prototype": {"polluted": 1}}}\n'))
    expect(opened.columns.map(({ name }) => name)).toEqual(['__proto__', 'constructor'])
    expect(rows).toEqual([['1', '{"prototype":{"polluted":1}}']])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('continues from a position, and refuses what has no objects', async () => {
    const content = '{"a": 1}\n{"a": 2}\n{"a": 3}\n'
    expect((await readAll(source(content), {}, {}, [1, 9])).rows).toEqual([['2'], ['3']])
    expect((await rejection(readAll(source('{"a": 1\n'), { format: 'jsonl' }))).issues[0]?.code).toBe('no_rows')
  })
})
