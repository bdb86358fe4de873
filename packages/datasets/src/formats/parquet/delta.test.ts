import { describe, expect, it } from 'vitest'
import { readDelta, readDeltaLengths, readDeltaPrefixes } from './delta.ts'
import type { ParquetColumn } from './metadata.ts'

// Encoded by hand, after the examples of https://github.com/apache/parquet-format/blob/master/Encodings.md: header (size of a block, miniblocks,
// values, first value as zigzag), then per block the minimum as zigzag, widths, and the bits, lowest first.
const ONE_TO_FIVE = [8, 1, 5, 2, /* minimum 1 */ 2, /* no bits */ 0]
const DOWN_AND_UP = [8, 1, 8, 14, /* minimum −2 */ 3, /* 2 bits each */ 2, 0b11_00_00_00, 0b00_11_11_11]
/** Lengths 5, 5, 6, 6: differences 0, 1, 0 over the minimum 0. */
const LENGTHS = [8, 1, 4, 10, 0, 1, 0b010]
/** Prefixes 0, 2, 0, 3: differences 2, −2, 3 over the minimum −2 are 4, 0, 5. */
const PREFIXES = [8, 1, 4, 0, 3, 3, 0b01_000_100, 0b1, 0]
/** Lengths of suffixes 4, 2, 6, 5: differences −2, 4, −1 over −2 are 0, 6, 1. */
const SUFFIXES = [8, 1, 4, 8, 3, 3, 0b01_110_000, 0, 0]

const bytes = (...parts: readonly (readonly number[] | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
const texts = (values: readonly Uint8Array[]) => values.map((value) => Buffer.from(value).toString())
const column = (type: 'bytes' | 'fixed', typeLength = 0): ParquetColumn => ({
  name: 'word',
  type,
  typeLength,
  meaning: { kind: 'text' },
  isByte: false,
  definitionMax: 0,
  repetitionMax: 0,
})

describe('values by their differences', () => {
  it('are numbers, as in the examples of the specification', () => {
    expect(readDelta(bytes(ONE_TO_FIVE), 5, 'int32')).toEqual({ values: Float64Array.of(1, 2, 3, 4, 5), end: 6 })
    expect(readDelta(bytes(DOWN_AND_UP), 8, 'int64')).toEqual({ values: Float64Array.of(7, 5, 3, 1, 2, 3, 4, 5), end: 8 })
  })

  it('wrap around at the width of their type', () => {
    // 2,147,483,647 and one more.
    const limit = [8, 1, 2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 2, 0]
    expect([...readDelta(bytes(limit), 2, 'int32').values]).toEqual([2_147_483_647, -2_147_483_648])
    expect([...readDelta(bytes(limit), 2, 'int64').values]).toEqual([2_147_483_647, 2_147_483_648])
  })

  it('are texts with their lengths before them', () => {
    expect(texts(readDeltaLengths(bytes(LENGTHS, 'HelloWorldFoobarABCDEF').subarray(0, 99), 4))).toEqual([
      'Hello',
      'World',
      'Foobar',
      'ABCDEF',
    ])
    expect(() => readDeltaLengths(bytes(LENGTHS, 'HelloWorldFoobarABCDE'), 4)).toThrow('ends within a value')
  })

  it('are texts that begin as the one before', () => {
    const words = bytes(PREFIXES, SUFFIXES, 'axislebabbleyhood')
    expect(texts(readDeltaPrefixes(words, 4, column('bytes'), 23))).toEqual(['axis', 'axle', 'babble', 'babyhood'])
  })

  it('refuses prefixes longer than the value before, values of another length than the type, and more bytes than a page may have', () => {
    const words = bytes(PREFIXES, SUFFIXES, 'axislebabbleyhood')
    expect(() => readDeltaPrefixes(words, 4, column('bytes'), 21)).toThrow('more than 21 bytes')
    expect(() => readDeltaPrefixes(words, 4, column('fixed', 4), 99)).toThrow('a value of 6 bytes; expected 4')
    const tooLong = bytes([8, 1, 1, 2], [8, 1, 1, 0])
    expect(() => readDeltaPrefixes(tooLong, 1, column('bytes'), 99)).toThrow('shares 1 bytes with one of 0')
  })
})
