// The footer of a Parquet file: schema and row groups, checked against the size of the file.
// Format: https://github.com/apache/parquet-format (parquet.thrift; the numbers here are its field ids and enum values).

import type { PrepareLimits } from '../../limits.ts'
import { invalidData } from '../../problems.ts'
import type { RandomAccess } from '../source.ts'
import { numberOf, structOf, structsOf, ThriftError, ThriftReader, type ThriftStruct, textOf } from './thrift.ts'

const MAGIC = 'PAR1'
/** Length of the footer and magic, at the end. */
const TAIL_BYTES = 8
/** Largest footer: that of 4,000 columns in 100 row groups. */
const FOOTER_BYTES_MAX = 64 << 20
/** Deepest nesting of columns: lists of lists of lists. */
const DEPTH_MAX = 10

const PHYSICAL = ['boolean', 'int32', 'int64', 'int96', 'float', 'double', 'bytes', 'fixed'] as const
export type PhysicalType = (typeof PHYSICAL)[number]
const CODECS = ['none', 'snappy', 'gzip', 'lzo', 'brotli', 'lz4', 'zstd', 'lz4_raw'] as const
export type Codec = (typeof CODECS)[number]

const REQUIRED = 0
const REPEATED = 2

/** What the numbers or bytes of a column mean. */
export type Meaning =
  | { readonly kind: 'plain' | 'text' | 'unsigned' | 'date' | 'float16' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'timestamp'; readonly unitsPerMs: number }

export interface ParquetColumn {
  /** Names from the top: of a list only its own. */
  readonly name: string
  readonly type: PhysicalType
  /** Bytes of a value of type `fixed`. */
  readonly typeLength: number
  readonly meaning: Meaning
  /** Whether whole numbers are 8 bits without sign. */
  readonly isByte: boolean
  readonly definitionMax: number
  /** 0: one value per row; 1, 2, 3: a list, of lists, of lists. */
  readonly repetitionMax: number
}

export interface ColumnChunk {
  readonly codec: Codec
  readonly start: number
  readonly end: number
  /** Values with those of lists and missing ones. */
  readonly values: number
}

export interface RowGroup {
  readonly rows: number
  /** In the order of the columns. */
  readonly chunks: readonly ColumnChunk[]
}

export interface ParquetFile {
  readonly rows: number
  readonly columns: readonly ParquetColumn[]
  readonly groups: readonly RowGroup[]
}

export function damagedParquet(name: string, why: string) {
  return invalidData(name, {
    code: 'bad_parquet',
    what: `the Parquet file is damaged, or of a kind that is not read: ${why}`,
    hint: 'Write it again with default options, without encryption: df.to_parquet("data.parquet").',
  })
}

/** @throws TrainyardError `invalid_data` */
export async function readMetadata(random: RandomAccess, name: string, limits: PrepareLimits): Promise<ParquetFile> {
  const bad = (why: string) => damagedParquet(name, why)
  const tail = Buffer.from(await random.read(Math.max(0, random.size - TAIL_BYTES), TAIL_BYTES))
  if (random.size < 2 * TAIL_BYTES || tail.toString('latin1', 4) !== MAGIC) throw bad('it does not end with PAR1')
  const length = tail.readUInt32LE(0)
  if (length > FOOTER_BYTES_MAX || length > random.size - TAIL_BYTES - MAGIC.length) throw bad(`a footer of ${length} bytes`)
  try {
    const footer = new ThriftReader(await random.read(random.size - TAIL_BYTES - length, length)).struct()
    const columns = readColumns(structsOf(footer, 2), bad)
    if (columns.length === 0) throw bad('it has no columns')
    if (columns.length > limits.columnsMax) throw bad(`${columns.length} columns; expected at most ${limits.columnsMax}`)
    const groups = structsOf(footer, 4).map((group) => readGroup(group, columns, random.size, bad))
    const rows = numberOf(footer, 3)
    const inGroups = groups.reduce((sum, group) => sum + group.rows, 0)
    if (rows === undefined || rows !== inGroups) throw bad(`it declares ${rows} rows, its row groups ${inGroups}`)
    if (rows > limits.rowsMax) throw bad(`${rows} rows; expected at most ${limits.rowsMax}`)
    return { rows, columns, groups }
  } catch (error) {
    if (error instanceof ThriftError) throw bad(error.message)
    throw error
  }
}

/** The leaves of the schema, which is written in depth-first order. */
function readColumns(schema: readonly ThriftStruct[], bad: (why: string) => Error): ParquetColumn[] {
  const columns: ParquetColumn[] = []
  let at = 0
  const visit = (names: readonly string[], definition: number, repetition: number, depth: number): void => {
    const element = schema[at++]
    if (element === undefined || depth > DEPTH_MAX) throw bad('its schema is incomplete, or nested too deeply')
    const form = depth === 0 ? REQUIRED : (numberOf(element, 3) ?? REQUIRED)
    const definitionMax = definition + (form === REQUIRED ? 0 : 1)
    const repetitionMax = repetition + (form === REPEATED ? 1 : 0)
    const path = depth === 0 ? [] : [...names, textOf(element, 4) ?? '']
    const children = numberOf(element, 5) ?? 0
    if (children > 0) {
      if (children > schema.length) throw bad('its schema is incomplete')
      for (let i = 0; i < children; i++) visit(path, definitionMax, repetitionMax, depth + 1)
      return
    }
    if (depth === 0) throw bad('its schema has no columns')
    const type = PHYSICAL[numberOf(element, 1) ?? -1]
    if (type === undefined) throw bad(`column ${path.join('.')} has no type`)
    const name = repetitionMax > 0 ? (path[0] ?? '') : path.join('.')
    const typeLength = numberOf(element, 2) ?? 0
    if (type === 'fixed' && (typeLength < 1 || typeLength > 1 << 16)) throw bad(`values of ${typeLength} bytes`)
    columns.push({ name, type, typeLength, meaning: meaningOf(element), isByte: isByte(element), definitionMax, repetitionMax })
  }
  visit([], 0, 0, 0)
  if (at !== schema.length) throw bad('its schema has parts that belong to no column')
  return columns
}

/** From the logical type, else from the older converted type. */
function meaningOf(element: ThriftStruct): Meaning {
  const logical = structOf(element, 10)
  const converted = numberOf(element, 6)
  const timestamp = logical && structOf(logical, 8)
  if (timestamp !== undefined) {
    const unit = structOf(timestamp, 2)
    return { kind: 'timestamp', unitsPerMs: unit?.has(3) ? 1e6 : unit?.has(2) ? 1e3 : 1 }
  }
  if (converted === 9 || converted === 10) return { kind: 'timestamp', unitsPerMs: converted === 9 ? 1 : 1e3 }
  if (numberOf(element, 1) === 3) return { kind: 'timestamp', unitsPerMs: 1e6 }
  if (converted === 5 || logical?.has(5)) return { kind: 'decimal', scale: numberOf(element, 7) ?? 0 }
  if (converted === 6 || logical?.has(6)) return { kind: 'date' }
  if (converted === 0 || converted === 4 || converted === 19 || logical?.has(1) || logical?.has(4) || logical?.has(12))
    return { kind: 'text' }
  if (logical?.has(15)) return { kind: 'float16' }
  const integer = logical && structOf(logical, 10)
  if ((converted !== undefined && converted >= 11 && converted <= 14) || integer?.get(2) === false) return { kind: 'unsigned' }
  return { kind: 'plain' }
}

function isByte(element: ThriftStruct): boolean {
  const integer = structOf(element, 10) && structOf(structOf(element, 10) as ThriftStruct, 10)
  return numberOf(element, 6) === 11 || (integer !== undefined && integer.get(1) === 8 && integer.get(2) === false)
}

function readGroup(group: ThriftStruct, columns: readonly ParquetColumn[], fileBytes: number, bad: (why: string) => Error): RowGroup {
  const rows = numberOf(group, 3) ?? -1
  const chunks = structsOf(group, 1).map((chunk): ColumnChunk => {
    const meta = structOf(chunk, 3)
    if (meta === undefined || chunk.has(1)) throw bad('columns in other files, or encrypted')
    const codec = CODECS[numberOf(meta, 4) ?? -1]
    const data = numberOf(meta, 9) ?? -1
    const dictionary = numberOf(meta, 11) ?? 0
    const start = dictionary > 0 && dictionary < data ? dictionary : data
    const end = start + (numberOf(meta, 7) ?? -1)
    const values = numberOf(meta, 5) ?? -1
    if (codec === undefined || start < MAGIC.length || end <= start || end > fileBytes || values < 0) {
      throw bad('a column chunk lies outside of the file')
    }
    return { codec, start, end, values }
  })
  if (rows < 0 || chunks.length !== columns.length) throw bad('a row group does not fit the schema')
  return { rows, chunks }
}
