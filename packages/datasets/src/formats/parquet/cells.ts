// Raw values of a column to cells, by what the schema says they mean.

import { isUtf8 } from 'node:buffer'
import { convertElements } from '../element-types.ts'
import { CELL, type CellValues } from '../row-source.ts'
import type { RawValue } from './column-cursor.ts'
import type { ParquetColumn } from './metadata.ts'

const MS_PER_DAY = 86_400_000
/** Range of dates in JavaScript, ±10^8 days. */
const DATE_MS_MAX = 8.64e15
/** Bytes of a binary value that are shown. */
const SHOWN_BYTES = 32

export function cellsOf(raw: readonly RawValue[], column: ParquetColumn): CellValues {
  const numbers = new Float64Array(raw.length).fill(Number.NaN)
  const states = new Uint8Array(raw.length)
  const texts: (string | undefined)[] = []
  for (const [row, value] of raw.entries()) {
    const cell = value === null ? null : meaning(value, column)
    if (typeof cell === 'number' && !Number.isNaN(cell)) {
      numbers[row] = cell
      states[row] = CELL.number
    } else if (typeof cell === 'string') {
      texts[row] = cell
      states[row] = CELL.text
    }
  }
  const spelled = column.type === 'boolean' ? (value: number) => String(value === 1) : String
  return {
    kind: 'cells',
    numbers,
    states,
    text: (row) => texts[row] ?? (states[row] === CELL.number ? spelled(numbers[row] as number) : ''),
  }
}

function meaning(value: number | Uint8Array, { meaning: { kind, ...details }, type }: ParquetColumn): number | string {
  if (kind === 'decimal') return toInteger(value) / 10 ** ('scale' in details ? details.scale : 0)
  if (typeof value !== 'number') return kind === 'float16' ? float16(value) : bytesAsText(value)
  if (kind === 'date') return isoDate(value * MS_PER_DAY).slice(0, 10)
  if (kind === 'timestamp') return isoDate(value / ('unitsPerMs' in details ? details.unitsPerMs : 1))
  if (kind === 'unsigned' && value < 0) return value + (type === 'int64' ? 2 ** 64 : 2 ** 32)
  return value
}

function isoDate(ms: number): string {
  return Math.abs(ms) <= DATE_MS_MAX ? new Date(ms).toISOString() : String(ms)
}

/** Unscaled decimals in bytes are big-endian, in two's complement. */
function toInteger(value: number | Uint8Array): number {
  if (typeof value === 'number') return value
  const digits = Buffer.from(value).toString('hex')
  return digits === '' ? 0 : Number(BigInt.asIntN(8 * value.length, BigInt(`0x${digits}`)))
}

function float16(value: Uint8Array): number {
  if (value.length !== 2) return Number.NaN
  const into = new Float64Array(1)
  convertElements(value, 'float16', true, into)
  return into[0] as number
}

function bytesAsText(value: Uint8Array): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length)
  return isUtf8(bytes) ? bytes.toString('utf8') : `0x${bytes.toString('hex', 0, SHOWN_BYTES)}`
}
