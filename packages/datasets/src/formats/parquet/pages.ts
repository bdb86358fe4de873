// The pages of one column chunk, one at a time: levels and values. Sizes and counts are checked before they are used.

import type { RandomAccess } from '../source.ts'
import { decompressPage } from './decompress.ts'
import { readDelta, readDeltaLengths, readDeltaPrefixes } from './delta.ts'
import { readByteStreamSplit, readHybrid, readPlain, type Values } from './encodings.ts'
import type { Codec, ColumnChunk, ParquetColumn } from './metadata.ts'
import { numberOf, structOf, ThriftError, ThriftReader, type ThriftStruct } from './thrift.ts'

/** Bytes that a page header is looked for in; statistics can make it long. */
const HEADER_BYTES = [1 << 10, 1 << 16, 1 << 20]
/** Largest page. Writers aim at 1 MiB; one value may be a picture. */
const PAGE_BYTES_MAX = 128 << 20
/** Most values of a page, 8 bytes each here. */
const PAGE_VALUES_MAX = 8 << 20

const DATA_PAGE = 0
const DICTIONARY_PAGE = 2
const DATA_PAGE_V2 = 3

export interface Page {
  /** Values with those that are missing. */
  readonly count: number
  /** Per value; null where all are at the highest level. */
  readonly definitions: Uint32Array | null
  /** Per value; null for columns without lists. */
  readonly repetitions: Uint32Array | null
  /** Those that are present. */
  readonly values: Values
}

/** @throws Error, for the caller to name the file */
export async function* readPages(random: RandomAccess, chunk: ColumnChunk, column: ParquetColumn): AsyncGenerator<Page> {
  let dictionary: Values | null = null
  let at = chunk.start
  let seen = 0
  while (at < chunk.end && seen < chunk.values) {
    const { header, bytes: headerBytes } = await readHeader(random, at, chunk.end)
    at += headerBytes
    const packedBytes = numberOf(header, 3) ?? -1
    const bytes = numberOf(header, 2) ?? -1
    if (packedBytes < 0 || packedBytes > chunk.end - at || bytes < 0 || bytes > PAGE_BYTES_MAX) {
      throw new Error(`a page of ${packedBytes} bytes, ${bytes} unpacked`)
    }
    const type = numberOf(header, 1)
    if (type === DATA_PAGE || type === DATA_PAGE_V2 || type === DICTIONARY_PAGE) {
      const packed = await random.read(at, packedBytes)
      if (packed.length < packedBytes) throw new Error('the file ends within a page')
      if (type === DICTIONARY_PAGE) dictionary = readDictionary(header, decompressPage(packed, chunk.codec, bytes), column)
      else {
        const page =
          type === DATA_PAGE
            ? readV1(header, packed, bytes, chunk.codec, column, dictionary)
            : readV2(header, packed, bytes, chunk.codec, column, dictionary)
        seen += page.count
        yield page
      }
    }
    at += packedBytes
  }
  if (seen !== chunk.values) throw new Error(`a column chunk has ${seen} values; expected ${chunk.values}`)
}

async function readHeader(random: RandomAccess, at: number, end: number): Promise<{ header: ThriftStruct; bytes: number }> {
  for (const size of HEADER_BYTES) {
    const window = await random.read(at, Math.min(size, end - at))
    try {
      const reader = new ThriftReader(window)
      const header = reader.struct()
      return { header, bytes: reader.offset }
    } catch (error) {
      if (!(error instanceof ThriftError) || window.length < size || size === HEADER_BYTES.at(-1)) throw error
    }
  }
  throw new ThriftError('a page without header')
}

function readDictionary(header: ThriftStruct, page: Uint8Array, column: ParquetColumn): Values {
  return readPlain(page, countOf(structOf(header, 7)), column)
}

/** Repetition levels, definition levels and values, packed together. */
function readV1(
  header: ThriftStruct,
  packed: Uint8Array,
  bytes: number,
  codec: Codec,
  column: ParquetColumn,
  dictionary: Values | null,
): Page {
  const info = structOf(header, 5)
  const count = countOf(info)
  let rest = decompressPage(packed, codec, bytes)
  const levels = (max: number): Uint32Array | null => {
    if (max === 0) return null
    const length = rest.length < 4 ? -1 : new DataView(rest.buffer, rest.byteOffset, 4).getUint32(0, true)
    if (length < 0 || length > rest.length - 4) throw new Error('a page ends within its levels')
    const result = readHybrid(rest.subarray(4, 4 + length), count, bitsFor(max))
    rest = rest.subarray(4 + length)
    return result
  }
  const repetitions = levels(column.repetitionMax)
  const definitions = levels(column.definitionMax)
  return finishPage(count, repetitions, definitions, rest, numberOf(info as ThriftStruct, 2), column, dictionary)
}

/** Levels first and never packed, their lengths in the header. */
function readV2(
  header: ThriftStruct,
  packed: Uint8Array,
  bytes: number,
  codec: Codec,
  column: ParquetColumn,
  dictionary: Values | null,
): Page {
  const info = structOf(header, 8)
  const count = countOf(info)
  const fields = info as ThriftStruct
  const [definitionBytes, repetitionBytes] = [numberOf(fields, 5) ?? -1, numberOf(fields, 6) ?? -1]
  const levelBytes = definitionBytes + repetitionBytes
  if (definitionBytes < 0 || repetitionBytes < 0 || levelBytes > packed.length || levelBytes > bytes)
    throw new Error('a page ends within its levels')
  const levels = (part: Uint8Array, max: number) => (max === 0 ? null : readHybrid(part, count, bitsFor(max)))
  const repetitions = levels(packed.subarray(0, repetitionBytes), column.repetitionMax)
  const definitions = levels(packed.subarray(repetitionBytes, levelBytes), column.definitionMax)
  const body = packed.subarray(levelBytes)
  const isPacked = fields.get(7) !== false
  const values = decompressPage(body, isPacked ? codec : 'none', isPacked ? bytes - levelBytes : body.length)
  return finishPage(count, repetitions, definitions, values, numberOf(fields, 4), column, dictionary)
}

function finishPage(
  count: number,
  repetitions: Uint32Array | null,
  definitions: Uint32Array | null,
  bytes: Uint8Array,
  encoding: number | undefined,
  column: ParquetColumn,
  dictionary: Values | null,
): Page {
  let present = count
  if (definitions !== null) for (const level of definitions) if (level !== column.definitionMax) present--
  return {
    count,
    repetitions,
    definitions: present === count ? null : definitions,
    values: readValues(bytes, present, encoding, column, dictionary),
  }
}

function readValues(
  bytes: Uint8Array,
  count: number,
  encoding: number | undefined,
  column: ParquetColumn,
  dictionary: Values | null,
): Values {
  // What a page without values holds differs from writer to writer.
  if (count === 0) return new Float64Array(0)
  if (encoding === 0) return readPlain(bytes, count, column)
  if (encoding === 2 || encoding === 8) return fromDictionary(bytes, count, dictionary)
  if (encoding === 3 && column.type === 'boolean') return Float64Array.from(readHybrid(bytes.subarray(4), count, 1))
  if (encoding === 5 && (column.type === 'int32' || column.type === 'int64')) return readDelta(bytes, count, column.type).values
  if (encoding === 6 && column.type === 'bytes') return readDeltaLengths(bytes, count)
  if (encoding === 7 && (column.type === 'bytes' || column.type === 'fixed')) return readDeltaPrefixes(bytes, count, column, PAGE_BYTES_MAX)
  if (encoding === 9) return readByteStreamSplit(bytes, count, column)
  throw new Error(`encoding ${encoding} of ${column.type}`)
}

function fromDictionary(bytes: Uint8Array, count: number, dictionary: Values | null): Values {
  const bitWidth = bytes[0]
  if (dictionary === null || bitWidth === undefined) throw new Error('a page without its dictionary')
  const indices = readHybrid(bytes.subarray(1), count, bitWidth)
  const check = (index: number) => {
    if (index >= dictionary.length) throw new Error(`entry ${index} of a dictionary of ${dictionary.length}`)
  }
  if (dictionary instanceof Float64Array) {
    const result = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      const index = indices[i] as number
      check(index)
      result[i] = dictionary[index] as number
    }
    return result
  }
  return Array.from(indices, (index) => {
    check(index)
    return dictionary[index] as Uint8Array
  })
}

function countOf(info: ThriftStruct | undefined): number {
  const count = info === undefined ? undefined : numberOf(info, 1)
  if (count === undefined || count < 0 || count > PAGE_VALUES_MAX)
    throw new Error(`a page of ${count} values; expected at most ${PAGE_VALUES_MAX}`)
  return count
}

/** Bits of numbers from 0 to `max`. */
function bitsFor(max: number): number {
  return 32 - Math.clz32(max)
}
