// Encodings of values in pages by what they differ from the value before. Every function makes exactly `count` values or throws.
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md

import type { ParquetColumn } from './metadata.ts'

/** DELTA_BINARY_PACKED: blocks of differences, which wrap around as the type does. Exact up to 2^53. */
export function readDelta(bytes: Uint8Array, count: number, type: 'int32' | 'int64'): { values: Float64Array; end: number } {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) break
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new Error('a page ends within a number')
  }
  const zigzag = () => {
    const value = varint()
    return (value >> 1n) ^ -(value & 1n)
  }
  const blockSize = Number(varint())
  const miniblocks = Number(varint())
  const total = Number(varint())
  if (total < count || miniblocks < 1 || miniblocks > 512 || blockSize < 1 || blockSize > 1 << 20 || blockSize % miniblocks !== 0) {
    throw new Error('a damaged header of differences')
  }
  const bits = type === 'int32' ? 32 : 64
  const values = new Float64Array(count)
  let value = zigzag()
  if (count > 0) values[0] = Number(value)
  for (let filled = 1; filled < count; ) {
    const minimum = zigzag()
    const widths = bytes.subarray(at, at + miniblocks)
    at += miniblocks
    const perMiniblock = blockSize / miniblocks
    for (const width of widths) {
      if (filled >= count) break
      if (width > 64 || at + Math.ceil((perMiniblock * width) / 8) > bytes.length) throw new Error('a page ends within its differences')
      for (let i = 0; i < perMiniblock && filled < count; i++) {
        value = BigInt.asIntN(bits, value + minimum + bitsAt(bytes, at, i * width, width))
        values[filled++] = Number(value)
      }
      at += Math.ceil((perMiniblock * width) / 8)
    }
    if (widths.length < miniblocks) throw new Error('a page ends within its differences')
  }
  return { values, end: at }
}

function bitsAt(bytes: Uint8Array, start: number, firstBit: number, width: number): bigint {
  let value = 0n
  for (let got = 0; got < width; ) {
    const bit = firstBit + got
    const within = bit & 7
    const take = Math.min(8 - within, width - got)
    value |= BigInt(((bytes[start + (bit >> 3)] as number) >> within) & ((1 << take) - 1)) << BigInt(got)
    got += take
  }
  return value
}

/** DELTA_LENGTH_BYTE_ARRAY: lengths as differences, then all bytes. */
export function readDeltaLengths(bytes: Uint8Array, count: number): Uint8Array[] {
  const { values: lengths, end } = readDelta(bytes, count, 'int32')
  const result: Uint8Array[] = []
  let at = end
  for (const length of lengths) {
    if (length < 0 || length > bytes.length - at) throw new Error('a page ends within a value')
    result.push(bytes.subarray(at, at + length))
    at += length
  }
  return result
}

/**
 * DELTA_BYTE_ARRAY: how many bytes each value shares with the one before, then the rest of each.
 * @param bytesMax of all values: a few bytes of a page can repeat a long value many times
 */
export function readDeltaPrefixes(bytes: Uint8Array, count: number, { type, typeLength }: ParquetColumn, bytesMax: number): Uint8Array[] {
  const { values: prefixes, end } = readDelta(bytes, count, 'int32')
  const suffixes = readDeltaLengths(bytes.subarray(end), count)
  let total = 0
  for (let i = 0, before = 0; i < count; i++) {
    const prefix = prefixes[i] as number
    if (prefix < 0 || prefix > before) throw new Error(`a value that shares ${prefix} bytes with one of ${before}`)
    before = prefix + (suffixes[i] as Uint8Array).length
    if (type === 'fixed' && before !== typeLength) throw new Error(`a value of ${before} bytes; expected ${typeLength}`)
    total += before
    if (total > bytesMax) throw new Error(`a page of more than ${bytesMax} bytes in its values`)
  }
  const joined = new Uint8Array(total)
  const result: Uint8Array[] = []
  for (let i = 0, start = 0, at = 0; i < count; i++) {
    const suffix = suffixes[i] as Uint8Array
    const prefix = prefixes[i] as number
    joined.copyWithin(at, start, start + prefix)
    joined.set(suffix, at + prefix)
    start = at
    at += prefix + suffix.length
    result.push(joined.subarray(start, at))
  }
  return result
}
