// Thrift's compact protocol, as far as Parquet uses it: structs as maps of field number to value. Counts are checked against the bytes that are
// left before anything is allocated. Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

export type ThriftValue = number | boolean | Uint8Array | ThriftStruct | readonly ThriftValue[]
export type ThriftStruct = ReadonlyMap<number, ThriftValue>

/** Deepest nesting; Parquet's own structs have 7 levels. */
const DEPTH_MAX = 16
/** Bytes of a 64-bit varint. */
const VARINT_BYTES_MAX = 10

/** A mistake in the encoding. */
export class ThriftError extends Error {
  override readonly name = 'ThriftError'
}

export class ThriftReader {
  offset: number
  readonly #view: DataView

  constructor(
    readonly bytes: Uint8Array,
    offset = 0,
  ) {
    this.offset = offset
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** @throws ThriftError */
  struct(depth = 0): ThriftStruct {
    if (depth > DEPTH_MAX) throw new ThriftError(`structs nested deeper than ${DEPTH_MAX}`)
    const fields = new Map<number, ThriftValue>()
    let id = 0
    for (;;) {
      const byte = this.#byte()
      const type = byte & 0x0f
      if (type === 0) return fields
      const delta = byte >> 4
      id = delta === 0 ? this.#zigzag() : id + delta
      fields.set(id, this.#value(type, depth))
    }
  }

  #value(type: number, depth: number): ThriftValue {
    const read = READ[type]
    if (read === undefined) throw new ThriftError(`a value of unknown type ${type}`)
    return read(this, depth)
  }

  static readonly readers = {
    byte: (reader: ThriftReader) => (reader.#byte() << 24) >> 24,
    zigzag: (reader: ThriftReader) => reader.#zigzag(),
    double: (reader: ThriftReader) => reader.#double(),
    binary: (reader: ThriftReader) => reader.#binary(),
    list: (reader: ThriftReader, depth: number) => reader.#list(depth),
  } as const

  #byte(): number {
    const byte = this.bytes[this.offset++]
    if (byte === undefined) throw new ThriftError('the bytes end within a value')
    return byte
  }

  #varint(): bigint {
    let result = 0n
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.#byte()
      result |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return result
    }
    throw new ThriftError('a number of more than 64 bits')
  }

  #zigzag(): number {
    const value = this.#varint()
    return Number((value >> 1n) ^ -(value & 1n))
  }

  /** A count of things that take at least a byte each. */
  #count(): number {
    const count = Number(this.#varint())
    if (count > this.bytes.length - this.offset) throw new ThriftError(`a length of ${count} beyond the end`)
    return count
  }

  #double(): number {
    if (this.offset + 8 > this.bytes.length) throw new ThriftError('the bytes end within a value')
    this.offset += 8
    return this.#view.getFloat64(this.offset - 8, true)
  }

  #binary(): Uint8Array {
    const length = this.#count()
    this.offset += length
    return this.bytes.subarray(this.offset - length, this.offset)
  }

  #list(depth: number): ThriftValue[] {
    if (depth > DEPTH_MAX) throw new ThriftError(`lists nested deeper than ${DEPTH_MAX}`)
    const byte = this.#byte()
    const count = byte >> 4 === 15 ? this.#count() : byte >> 4
    const type = byte & 0x0f
    const values: ThriftValue[] = []
    // Booleans in lists have a byte each.
    for (let i = 0; i < count; i++) values.push(type <= 2 ? this.#byte() === 1 : this.#value(type, depth + 1))
    return values
  }
}

/** By type number of the protocol. */
const READ: Readonly<Record<number, (reader: ThriftReader, depth: number) => ThriftValue>> = {
  1: () => true,
  2: () => false,
  3: ThriftReader.readers.byte,
  4: ThriftReader.readers.zigzag,
  5: ThriftReader.readers.zigzag,
  6: ThriftReader.readers.zigzag,
  7: ThriftReader.readers.double,
  8: ThriftReader.readers.binary,
  9: ThriftReader.readers.list,
  12: (reader, depth) => reader.struct(depth + 1),
}

export function numberOf(struct: ThriftStruct, field: number): number | undefined {
  const value = struct.get(field)
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

export function textOf(struct: ThriftStruct, field: number): string | undefined {
  const value = struct.get(field)
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined
}

export function structOf(struct: ThriftStruct, field: number): ThriftStruct | undefined {
  const value = struct.get(field)
  return value instanceof Map ? value : undefined
}

export function structsOf(struct: ThriftStruct, field: number): readonly ThriftStruct[] {
  const value = struct.get(field)
  return Array.isArray(value) ? value.filter((item): item is ThriftStruct => item instanceof Map) : []
}
