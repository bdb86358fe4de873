import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { concatenate, encode } from '@trainyard/engine/safetensors'
import { describe, expect, it } from 'vitest'
import { readAll, rejection, zipOf } from '../testing.ts'
import { bytesSource } from './source.ts'

/** As NumPy saves them; golden/arrays.py. */
const { files } = JSON.parse(readFileSync(new URL('../../golden/arrays.golden.json', import.meta.url), 'utf8')) as {
  files: Record<string, string>
}
const numpy = (name: string) => Buffer.from(files[name] ?? '', 'base64')
const source = (bytes: Uint8Array, name = 'data.npy') => bytesSource('file', name, bytes, 7)
const GRID = [
  [-5, -4, -3, -2],
  [-1, 0, 1, 2],
  [3, 4, 5, 6],
]

describe('NPY', () => {
  it.each([
    'int8',
    'int16',
    'int16_big',
    'int32',
    'int64',
    'float16',
    'float32',
    'float32_big',
    'float64',
    'float64_big',
    'fortran',
    'version_2',
  ])('reads %s as NumPy wrote it', async (name) => {
    const { rows, source: opened } = await readAll(source(numpy(name)))
    expect(opened.columns).toEqual([{ kind: 'tensor', name: 'value', role: 'input', dtype: 'float32', shape: [4] }])
    expect(rows.map(([row]) => row)).toEqual(GRID)
  })

  it('reads booleans, labels, three dimensions in Fortran order, and the same inside gzip', async () => {
    expect((await readAll(source(numpy('bool')))).rows.map(([row]) => row)).toEqual(
      GRID.map((row) => row.map((value) => Number(value > 0))),
    )
    expect((await readAll(source(numpy('labels')))).rows).toEqual([['3'], ['1'], ['2']])
    const cube = (await readAll(source(numpy('fortran_3d')))).rows.map(([row]) => row)
    expect(cube).toEqual([0, 1].map((i) => Array.from({ length: 12 }, (_, j) => 12 * i + j)))
    expect((await readAll(source(gzipSync(numpy('float32'))))).rows.map(([row]) => row)).toEqual(GRID)
  })

  it('turns pictures with channels last into channels first', async () => {
    const { rows, source: opened } = await readAll(source(numpy('images_channels_last')))
    expect(opened.columns[0]).toMatchObject({ dtype: 'uint8', shape: [3, 4, 5] })
    // Pixel (y, x) of channel c is 3 · (5 y + x) + c in the first picture.
    const [first, second] = rows.map(([pixels]) => pixels)
    expect(first?.slice(0, 3)).toEqual([0, 3, 6])
    expect(first?.[20]).toBe(1)
    expect(second?.[40]).toBe(62)
  })

  it('continues from a position', async () => {
    const opened = (await readAll(source(numpy('float32')))).source
    expect(opened.rowCount).toBe(3)
    expect((await readAll(source(numpy('fortran')), {}, {}, [2])).rows.map(([row]) => row)).toEqual(GRID.slice(2))
  })

  it.each([
    ['complex', 'unsupported_dtype'],
    ['text', 'unsupported_dtype'],
    ['records', 'unsupported_dtype'],
    ['scalar', 'bad_shape'],
    ['empty', 'bad_shape'],
    ['npz_unequal', 'unequal_rows'],
  ])('refuses %s', async (name, code) => {
    const error = await rejection(readAll(source(numpy(name))))
    expect(error.issues[0]?.code).toBe(code)
    expect(error.issues[0]?.hint.length).toBeGreaterThan(10)
  })
})

describe('30. NPY and NPZ: no object arrays; shape × item size equals the bytes present before allocation', () => {
  it.each(['object', 'npz_object'])('requirements 30 and 31: refuses an array of objects (%s) as executable', async (name) => {
    const error = await rejection(readAll(source(numpy(name))))
    expect(error.code).toBe('executable_format')
    expect(error.hint).toContain('pickle')
  })

  it.each([
    ['a huge shape', "shape': (3, 4)", "shape': (90000000, 4)", /bytes, but 48 are present/],
    ['a shape beyond any file', "shape': (3, 4)", "shape': (9007199254740991, 9007199254740991)", /more than any file/],
    ['a negative size', "shape': (3, 4)", "shape': (-3, 4)", /dictionary/],
    ['a shape too small', "shape': (3, 4)", "shape': (2, 4)", /48 are present/],
    ['code in the header', "'<f4'", '__import__("os").system("x")', /dictionary/],
  ])('refuses %s without allocating', async (_, from, to, text) => {
    const bytes = withHeader(numpy('float32'), from, to)
    const before = process.memoryUsage().arrayBuffers
    const error = await rejection(readAll(source(bytes)))
    expect(error.message).toMatch(text)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20)
  })

  it('requirement 30: counts what an .npz entry unpacks to instead of believing it', async () => {
    const lying = withHeader(numpy('float32'), "shape': (3, 4)", "shape': (3000000, 4)")
    const error = await rejection(readAll(source(await zipOf({ 'x.npy': lying }))))
    expect(error.issues[0]?.code).toBe('wrong_size')
  })

  it('requirement 30: reads safetensors, and refuses headers with gaps, overlaps and wrong sizes', async () => {
    const good = concatenate(
      encode(
        new Map([
          ['x_train', { dtype: 'F32', shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) }],
          ['y_train', { dtype: 'I32', shape: [2], data: new Int32Array([7, 8]) }],
        ]),
      ),
    )
    const { rows, source: opened } = await readAll(source(good))
    expect(opened.columns.map(({ name, role }) => [name, role])).toEqual([
      ['x', 'input'],
      ['y', 'target'],
    ])
    expect(rows).toEqual([
      [[1, 2], '7'],
      [[3, 4], '8'],
    ])
    const text = Buffer.from(good).toString('latin1')
    const gap = Buffer.from(text.replace('[16,24]', '[17,24]'), 'latin1')
    const overlap = Buffer.from(text.replace('[16,24]', '[12,24]'), 'latin1')
    for (const bytes of [gap, overlap, good.subarray(0, good.length - 1), Buffer.concat([good, Buffer.alloc(1)])]) {
      expect((await rejection(readAll(source(bytes)))).issues[0]?.code).toBe('bad_safetensors')
    }
  })
})

describe('NPZ', () => {
  it.each(['npz', 'npz_compressed'])('reads the splits of %s as NumPy wrote them', async (name) => {
    const { rows, source: opened } = await readAll(source(numpy(name)))
    expect(opened.columns.map((column) => [column.name, column.role])).toEqual([
      ['x', 'input'],
      ['y', 'target'],
      ['split', 'split'],
    ])
    expect(opened.rowCount).toBe(5)
    expect(rows).toEqual([
      [GRID[0], '0', 'train'],
      [GRID[1], '1', 'train'],
      [GRID[2], '0', 'train'],
      [GRID[0], '1', 'test'],
      [GRID[1], '1', 'test'],
    ])
  })
})

/** The array with another text in its header, padded to the same length. */
function withHeader(npy: Buffer, from: string, to: string): Buffer {
  const length = npy.readUInt16LE(8)
  const header = npy.toString('latin1', 10, 10 + length)
  expect(header).toContain(from)
  const changed = header
    .replace(from, to)
    .trimEnd()
    .padEnd(length - 1)
  return Buffer.concat([npy.subarray(0, 10), Buffer.from(`${changed}\n`, 'latin1'), npy.subarray(10 + length)])
}
