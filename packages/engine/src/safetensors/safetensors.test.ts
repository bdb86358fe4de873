import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatenate, encode, headerExtent, parseHeader, readTensor, SafetensorsError, type TensorData } from './index.ts'

/** A file by hand after the published description: two tensors, header padded with spaces as the format allows. */
function byHand(header: string, data: readonly number[]): Uint8Array {
  const json = new TextEncoder().encode(header)
  return Uint8Array.from([json.length & 0xff, json.length >> 8, 0, 0, 0, 0, 0, 0, ...json, ...data])
}

const HEADER =
  '{"__metadata__":{"format":"pt"},"weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"label":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}'
/** 1.5 and −2 in IEEE 754 little-endian, then 7, 8, 9. */
const DATA = [0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0, 7, 8, 9]

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof SafetensorsError) return error.code
    throw error
  }
  return 'accepted'
}

describe('a file written by hand', () => {
  const file = byHand(`${HEADER}   `, DATA)
  const header = parseHeader(file)

  it('has its tensors, metadata and places', () => {
    expect([...header.tensors]).toEqual([
      ['weight', { dtype: 'F32', shape: [2, 1], offset: header.dataOffset, bytes: 8 }],
      ['label', { dtype: 'U8', shape: [3], offset: header.dataOffset + 8, bytes: 3 }],
    ])
    expect(header.metadata.get('format')).toBe('pt')
    expect(header.fileBytes).toBe(file.length)
  })

  it('is read from any alignment', () => {
    for (let shift = 0; shift < 8; shift++) {
      const buffer = new Uint8Array(file.length + shift)
      buffer.set(file, shift)
      const bytes = buffer.subarray(shift)
      expect([...readTensor(bytes, parseHeader(bytes), 'weight', 'F32')]).toEqual([1.5, -2])
      expect([...readTensor(bytes, parseHeader(bytes), 'label', 'U8')]).toEqual([7, 8, 9])
    }
  })

  it('needs only its beginning for the header', () => {
    const extent = headerExtent(file.subarray(0, 8), file.length)
    expect(parseHeader(file.subarray(0, extent), { fileBytes: file.length })).toEqual(header)
    expect(codeOf(() => parseHeader(file.subarray(0, extent - 1), { fileBytes: file.length }))).toBe('truncated')
    expect(codeOf(() => readTensor(file.subarray(0, extent), header, 'label', 'U8'))).toBe('truncated')
  })

  it('says when a tensor is missing or of another type', () => {
    expect(codeOf(() => readTensor(file, header, 'bias', 'F32'))).toBe('no_such_tensor')
    expect(codeOf(() => readTensor(file, header, 'label', 'F32'))).toBe('unknown_dtype')
  })
})

describe('what the format forbids', () => {
  const entry = (dtype: string, shape: string, begin: number, end: number) =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`
  it.each([
    ['an empty file', new Uint8Array(0), 'truncated'],
    ['seven bytes', new Uint8Array(7), 'truncated'],
    ['a length past the end', Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d), 'truncated'],
    ['a length of 2^63', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 0x7b, 0x7d), 'header_too_large'],
    ['no JSON', byHand('{"a":', []), 'header_not_json'],
    ['a list', byHand('[]', []), 'header_not_json'],
    ['space before the brace', byHand(' {}', []), 'header_not_json'],
    ['bytes that are no UTF-8', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff, 0x22), 'header_not_json'],
    ['metadata that is no text', byHand('{"__metadata__":{"a":1}}', []), 'bad_metadata'],
    ['metadata that is a list', byHand('{"__metadata__":[]}', []), 'bad_metadata'],
    ['a tensor that is no object', byHand('{"a":1}', []), 'bad_tensor'],
    ['an unknown field', byHand('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":1}}', [0]), 'bad_tensor'],
    ['an unknown type', byHand(`{"a":${entry('F128', '[1]', 0, 16)}}`, []), 'unknown_dtype'],
    ['a type named like an object member', byHand(`{"a":${entry('toString', '[1]', 0, 16)}}`, []), 'unknown_dtype'],
    ['a negative size', byHand(`{"a":${entry('U8', '[-1]', 0, 1)}}`, [0]), 'bad_shape'],
    ['a fraction as size', byHand(`{"a":${entry('U8', '[1.5]', 0, 1)}}`, [0]), 'bad_shape'],
    ['a shape whose product overflows', byHand(`{"a":${entry('F32', '[4294967296,4294967296]', 0, 0)}}`, []), 'bad_shape'],
    ['a negative offset', byHand(`{"a":${entry('U8', '[1]', -1, 0)}}`, [0]), 'bad_offsets'],
    ['the end before the begin', byHand(`{"a":${entry('U8', '[1]', 1, 0)}}`, [0]), 'size_mismatch'],
    ['a length that does not fit', byHand(`{"a":${entry('F32', '[2]', 0, 4)}}`, [0, 0, 0, 0]), 'size_mismatch'],
    ['a gap', byHand(`{"a":${entry('U8', '[1]', 0, 1)},"b":${entry('U8', '[1]', 2, 3)}}`, [0, 0, 0]), 'gap_or_overlap'],
    ['an overlap', byHand(`{"a":${entry('U8', '[2]', 0, 2)},"b":${entry('U8', '[2]', 1, 3)}}`, [0, 0, 0]), 'gap_or_overlap'],
    ['bytes after the last tensor', byHand(`{"a":${entry('U8', '[1]', 0, 1)}}`, [0, 0]), 'size_mismatch'],
    ['a missing last byte', byHand(`{"a":${entry('U8', '[2]', 0, 2)}}`, [0]), 'truncated'],
  ])('refuses %s', (_, file, code) => {
    expect(codeOf(() => parseHeader(file))).toBe(code)
  })
})

describe('encode', () => {
  it('writes what the description says, byte by byte', () => {
    const file = encode(new Map([['w', { dtype: 'F32' as const, shape: [1], data: Float32Array.of(1.5) }]]), new Map([['k', 'v']]))
    const json = '{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    const padded = json.padEnd(Math.ceil(json.length / 8) * 8)
    expect(concatenate(file)).toEqual(byHand(padded, [0, 0, 0xc0, 0x3f]))
  })

  it('passes the data through without a copy, wide elements first', () => {
    const values = new Float32Array(1000)
    const file = encode(
      new Map<string, TensorData>([
        ['bytes', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
        ['values', { dtype: 'F32', shape: [10, 100], data: values }],
      ]),
    )
    expect(file.chunks[1]?.buffer).toBe(values.buffer)
    expect([...parseHeader(concatenate(file)).tensors.keys()]).toEqual(['values', 'bytes'])
  })

  it('refuses data that does not fit its shape', () => {
    expect(codeOf(() => encode(new Map([['w', { dtype: 'F32' as const, shape: [2], data: Float32Array.of(1) }]])))).toBe('size_mismatch')
  })

  it('comes back as it was, whatever names, shapes and metadata', () => {
    const tensor = fc
      .tuple(fc.constantFrom('U8' as const, 'I32' as const, 'F32' as const, 'F64' as const), fc.array(fc.nat(4), { maxLength: 4 }))
      .map(([dtype, shape]): TensorData => {
        const count = shape.reduce((product, size) => product * size, 1)
        const arrays = { U8: Uint8Array, I32: Int32Array, F32: Float32Array, F64: Float64Array }
        return { dtype, shape, data: Reflect.construct(arrays[dtype], [Array.from({ length: count }, (_, i) => i - 2)]) }
      })
    const name = fc.string().filter((text) => text !== '__metadata__' && text !== '__proto__')
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor), { maxLength: 8 }), fc.array(fc.tuple(name, fc.string())), (tensors, metadata) => {
        const given = new Map(tensors)
        const bytes = concatenate(encode(given, new Map(metadata)))
        const header = parseHeader(bytes)
        expect(header.tensors.size).toBe(given.size)
        for (const [key, { dtype, shape, data }] of given) {
          expect(header.tensors.get(key)?.shape).toEqual(shape)
          expect(readTensor(bytes, header, key, dtype as 'F32')).toEqual(data)
        }
        expect(new Map(header.metadata)).toEqual(new Map(metadata))
      }),
    )
  })
})

describe('corruption', () => {
  const file = byHand(HEADER, DATA)
  const dataOffset = parseHeader(file).dataOffset

  it('never crashes and never reads outside the file, whichever header byte has whichever value', () => {
    let accepted = 0
    for (let position = 0; position < dataOffset; position++) {
      for (let value = 0; value < 256; value++) {
        const bytes = Uint8Array.from(file)
        bytes[position] = value
        const code = codeOf(() => {
          const header = parseHeader(bytes)
          const covered = [...header.tensors.values()].reduce((sum, entry) => sum + entry.bytes, 0)
          expect(header.dataOffset + covered).toBe(bytes.length)
          for (const entry of header.tensors.values()) expect(entry.offset + entry.bytes).toBeLessThanOrEqual(bytes.length)
        })
        if (code === 'accepted') accepted++
      }
    }
    // What remains acceptable are other names, other metadata and equally long types; every other change is found.
    expect(accepted).toBeLessThan(0.2 * dataOffset * 256)
  })

  it('is found at every length that is too short', () => {
    for (let length = 0; length < file.length; length++) expect(codeOf(() => parseHeader(file.subarray(0, length)))).not.toBe('accepted')
  })
})
