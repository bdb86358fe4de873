// A Parquet file as Hugging Face's datasets have it: a column `image` of {bytes, path}, and columns beside it. Plain pages without compression,
// every column optional. Format: https://github.com/apache/parquet-format (the numbers are the field ids and enum values of parquet.thrift).

const ROWS_PER_GROUP = 1000

type ThriftField =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly text: string }
  | { readonly struct: ThriftStruct }
  | { readonly structs: readonly ThriftStruct[] }
  | { readonly i32s: readonly number[] }
  | { readonly texts: readonly string[] }
/** Field id → value, ascending. */
type ThriftStruct = Readonly<Record<number, ThriftField>>

export interface ImageTable {
  /** PNG files. */
  readonly images: readonly Uint8Array[]
  readonly labels: readonly number[]
  readonly splits: readonly string[]
}

interface Leaf {
  readonly path: readonly string[]
  readonly type: number
  readonly definitionMax: number
  /** Definition level that all values have. */
  readonly definition: number
  /** PLAIN. */
  value(row: number): Buffer
}

const BYTE_ARRAY = 6
const INT64 = 2
const UTF8 = 0
const OPTIONAL = 1

/** @example parquetFile({ images: [png], labels: [7], splits: ['train'] }) */
export function parquetFile({ images, labels, splits }: ImageTable): Buffer {
  const lengthThen = (bytes: Uint8Array) => Buffer.concat([uint32(bytes.length), bytes])
  const leaves: readonly Leaf[] = [
    {
      path: ['image', 'bytes'],
      type: BYTE_ARRAY,
      definitionMax: 2,
      definition: 2,
      value: (row) => lengthThen(images[row] ?? Buffer.alloc(0)),
    },
    { path: ['image', 'path'], type: BYTE_ARRAY, definitionMax: 2, definition: 1, value: () => Buffer.alloc(0) },
    { path: ['label'], type: INT64, definitionMax: 1, definition: 1, value: (row) => int64(labels[row] ?? 0) },
    {
      path: ['split'],
      type: BYTE_ARRAY,
      definitionMax: 1,
      definition: 1,
      value: (row) => lengthThen(Buffer.from(splits[row] ?? '')),
    },
  ]
  const parts: Buffer[] = [Buffer.from('PAR1')]
  let offset = 4
  const groups: ThriftStruct[] = []
  for (let from = 0; from < images.length; from += ROWS_PER_GROUP) {
    const rows = Math.min(ROWS_PER_GROUP, images.length - from)
    const columns: ThriftStruct[] = []
    let groupBytes = 0
    for (const leaf of leaves) {
      const page = pageOf(leaf, from, rows)
      parts.push(page)
      columns.push(chunkOf(leaf, rows, offset, page.length))
      offset += page.length
      groupBytes += page.length
    }
    groups.push({ 1: { structs: columns }, 2: { i64: groupBytes }, 3: { i64: rows } })
  }
  const footer = encode({ 1: { i32: 1 }, 2: { structs: SCHEMA }, 3: { i64: images.length }, 4: { structs: groups } })
  return Buffer.concat([...parts, footer, uint32(footer.length), Buffer.from('PAR1')])
}

const SCHEMA: readonly ThriftStruct[] = [
  { 4: { text: 'schema' }, 5: { i32: 3 } },
  { 3: { i32: OPTIONAL }, 4: { text: 'image' }, 5: { i32: 2 } },
  { 1: { i32: BYTE_ARRAY }, 3: { i32: OPTIONAL }, 4: { text: 'bytes' } },
  { 1: { i32: BYTE_ARRAY }, 3: { i32: OPTIONAL }, 4: { text: 'path' }, 6: { i32: UTF8 } },
  { 1: { i32: INT64 }, 3: { i32: OPTIONAL }, 4: { text: 'label' } },
  { 1: { i32: BYTE_ARRAY }, 3: { i32: OPTIONAL }, 4: { text: 'split' }, 6: { i32: UTF8 } },
]

/** A data page of version 1: the length of the levels, one run of equal levels, then the values that are not missing. */
function pageOf({ definition, definitionMax, value }: Leaf, from: number, rows: number): Buffer {
  const levels = Buffer.concat([varint(rows << 1), Buffer.of(definition)])
  const values = definition < definitionMax ? [] : Array.from({ length: rows }, (_, i) => value(from + i))
  const data = Buffer.concat([uint32(levels.length), levels, ...values])
  const size = { i32: data.length }
  const encodings = { 1: { i32: rows }, 2: { i32: 0 }, 3: { i32: 3 }, 4: { i32: 3 } }
  return Buffer.concat([encode({ 1: { i32: 0 }, 2: size, 3: size, 5: { struct: encodings } }), data])
}

function chunkOf({ type, path }: Leaf, rows: number, offset: number, bytes: number): ThriftStruct {
  const meta: ThriftStruct = {
    1: { i32: type },
    2: { i32s: [0, 3] },
    3: { texts: path },
    4: { i32: 0 },
    5: { i64: rows },
    6: { i64: bytes },
    7: { i64: bytes },
    9: { i64: offset },
  }
  return { 2: { i64: offset }, 3: { struct: meta } }
}

/** Thrift's compact protocol. */
function encode(struct: ThriftStruct): Buffer {
  let last = 0
  const fields = Object.entries(struct).map(([key, field]) => {
    const id = Number(key)
    const { type, bytes } = encodeField(field)
    const head = Buffer.of(((id - last) << 4) | type)
    last = id
    return Buffer.concat([head, bytes])
  })
  return Buffer.concat([...fields, Buffer.of(0)])
}

const I32 = 5
const I64 = 6
const BINARY = 8
const LIST = 9
const STRUCT = 12

function encodeField(field: ThriftField): { readonly type: number; readonly bytes: Buffer } {
  if ('i32' in field) return { type: I32, bytes: zigzag(field.i32) }
  if ('i64' in field) return { type: I64, bytes: zigzag(field.i64) }
  if ('text' in field) return { type: BINARY, bytes: binary(field.text) }
  if ('struct' in field) return { type: STRUCT, bytes: encode(field.struct) }
  if ('structs' in field) return { type: LIST, bytes: list(STRUCT, field.structs.map(encode)) }
  if ('i32s' in field) return { type: LIST, bytes: list(I32, field.i32s.map(zigzag)) }
  return { type: LIST, bytes: list(BINARY, field.texts.map(binary)) }
}

const list = (type: number, items: readonly Buffer[]) =>
  Buffer.concat([
    items.length < 15 ? Buffer.of((items.length << 4) | type) : Buffer.concat([Buffer.of(0xf0 | type), varint(items.length)]),
    ...items,
  ])
const binary = (text: string) => Buffer.concat([varint(Buffer.byteLength(text)), Buffer.from(text)])
const zigzag = (value: number) => varint(value * 2)

/** Of a whole number that is not negative. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(value))
  return bytes
}
