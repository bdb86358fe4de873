// Encodings of values in pages. Every function makes exactly `count` values or throws; `count` is bounded by the caller.
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md

import type { ParquetColumn, PhysicalType } from './metadata.ts'

/** Numbers, or views of bytes for the types that are bytes. int64 beyond 2^53 is rounded. */
export type Values = Float64Array | readonly Uint8Array[]

const WIDTH: { readonly [T in PhysicalType]: number } = {
  boolean: 0,
  int32: 4,
  int64: 8,
  int96: 12,
  float: 4,
  double: 8,
  bytes: 0,
  fixed: 0,
}
/** Julian day of 1970-01-01, for int96 timestamps. */
const JULIAN_EPOCH = 2_440_588
const NS_PER_DAY = 86_400e9

/** Values one after another. */
export function readPlain(bytes: Uint8Array, count: number, { type, typeLength }: ParquetColumn): Values {
  if (type === 'bytes') return readByteArrays(bytes, count)
  if (type === 'fixed') {
    checkBytes(bytes, count * typeLength)
    return Array.from({ length: count }, (_, i) => bytes.subarray(i * typeLength, (i + 1) * typeLength))
  }
  if (type === 'boolean') {
    checkBytes(bytes, count / 8)
    return Float64Array.from({ length: count }, (_, i) => ((bytes[i >> 3] as number) >> (i & 7)) & 1)
  }
  checkBytes(bytes, count * WIDTH[type])
  return readNumbers(bytes, count, type)
}

/** The bytes of all values, then …: first bytes of all, second bytes of all. */
export function readByteStreamSplit(bytes: Uint8Array, count: number, column: ParquetColumn): Values {
  const width = column.type === 'fixed' ? column.typeLength : WIDTH[column.type]
  if (width === 0) throw new Error(`BYTE_STREAM_SPLIT of ${column.type}`)
  checkBytes(bytes, count * width)
  const joined = new Uint8Array(count * width)
  for (let byte = 0; byte < width; byte++) {
    for (let i = 0; i < count; i++) joined[i * width + byte] = bytes[byte * count + i] as number
  }
  return readPlain(joined, count, column)
}

function readNumbers(bytes: Uint8Array, count: number, type: Exclude<PhysicalType, 'boolean' | 'bytes' | 'fixed'>): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const result = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    result[i] =
      type === 'int32'
        ? view.getInt32(4 * i, true)
        : type === 'int64'
          ? view.getUint32(8 * i, true) + view.getInt32(8 * i + 4, true) * 0x1_0000_0000
          : type === 'float'
            ? view.getFloat32(4 * i, true)
            : type === 'double'
              ? view.getFloat64(8 * i, true)
              : (view.getUint32(12 * i + 8, true) - JULIAN_EPOCH) * NS_PER_DAY + Number(view.getBigUint64(12 * i, true))
  }
  return result
}

function readByteArrays(bytes: Uint8Array, count: number): Uint8Array[] {
  checkBytes(bytes, 4 * count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const result: Uint8Array[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw new Error('a page ends within a value')
    const length = view.getUint32(at, true)
    at += 4
    if (length > bytes.length - at) throw new Error('a page ends within a value')
    result.push(bytes.subarray(at, at + length))
    at += length
  }
  return result
}

/** Levels and dictionary indices: runs of one number, and numbers of `bitWidth` bits side by side. */
export function readHybrid(bytes: Uint8Array, count: number, bitWidth: number): Uint32Array {
  if (bitWidth > 32) throw new Error(`numbers of ${bitWidth} bits`)
  const result = new Uint32Array(count)
  if (bitWidth === 0) return result
  const runBytes = (bitWidth + 7) >> 3
  let at = 0
  let filled = 0
  while (filled < count) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined || shift > 28) throw new Error('a page ends within its levels')
      header += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    const length = Math.floor(header / 2)
    if (length === 0) throw new Error('a run without values')
    if (header % 2 === 0) {
      let value = 0
      for (let i = 0; i < runBytes; i++) value += (bytes[at++] ?? 0) * 256 ** i
      const end = Math.min(count, filled + length)
      result.fill(value, filled, end)
      filled = end
      continue
    }
    const values = Math.min(8 * length, count - filled)
    unpackBits(bytes, at, bitWidth, result, filled, values)
    filled += values
    at += length * bitWidth
  }
  return result
}

function unpackBits(bytes: Uint8Array, start: number, bitWidth: number, into: Uint32Array, from: number, count: number): void {
  if (start + Math.ceil((count * bitWidth) / 8) > bytes.length) throw new Error('a page ends within its levels')
  let bit = 0
  for (let i = 0; i < count; i++) {
    let value = 0
    for (let got = 0; got < bitWidth; ) {
      const within = bit & 7
      const take = Math.min(8 - within, bitWidth - got)
      value += (((bytes[start + (bit >> 3)] as number) >> within) & ((1 << take) - 1)) * 2 ** got
      got += take
      bit += take
    }
    into[from + i] = value
  }
}

function checkBytes(bytes: Uint8Array, needed: number): void {
  if (bytes.length < needed) throw new Error(`a page has ${bytes.length} bytes; its values need ${needed}`)
}
