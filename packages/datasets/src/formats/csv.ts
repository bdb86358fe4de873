// Tables as text: finds delimiter and header, then streams records. Cells stay texts here; what they mean is decided in `prepare/`.

import { Readable } from 'node:stream'
import { CsvError, type Options, parse } from 'csv-parse'
import { parse as parseSync } from 'csv-parse/sync'
import type { PrepareLimits } from '../limits.ts'
import { invalidData, shown } from '../problems.ts'
import type { ByteReader } from './byte-reader.ts'

const DELIMITERS = [',', ';', '\t', '|'] as const
export type Delimiter = (typeof DELIMITERS)[number]

/** Records that decide about delimiter and header. */
const SNIFF_RECORDS = 20
/** Bytes that are looked at for them. */
const SNIFF_BYTES = 1 << 18

export interface TableLayout {
  readonly delimiter: Delimiter
  readonly header: boolean
  /** Names from the header, else column_0, column_1 … */
  readonly columns: readonly string[]
}

/** Spellings of a missing value, in lower case. */
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?'])

export function isMissing(cell: string): boolean {
  return cell.length <= 4 && MISSING.has(cell.toLowerCase())
}

/** The number in a cell, or NaN. Decimal notation only: no hexadecimal, no decimal comma. */
export function parseNumber(cell: string): number {
  return cell === '' || hasRadixPrefix(cell) ? Number.NaN : Number(cell)
}

/** 0x, 0o, 0b in either case; looked at for every cell, hence no regular expression. */
function hasRadixPrefix(cell: string): boolean {
  if (cell.charCodeAt(0) !== 48) return false
  const letter = cell.charCodeAt(1) | 32
  return letter === 120 || letter === 111 || letter === 98
}

/** @throws TrainyardError `invalid_data` when there is no table to see */
export async function sniffTable(reader: ByteReader, name: string, limits: PrepareLimits, header?: boolean): Promise<TableLayout> {
  const bytes = await reader.peek(SNIFF_BYTES)
  const whole = bytes.length < SNIFF_BYTES
  const text = new TextDecoder('utf-8').decode(bytes)
  const guesses = DELIMITERS.map((delimiter) => ({ delimiter, records: firstRecords(text, delimiter, whole) }))
  const best = guesses.reduce((a, b) => (score(b.records) > score(a.records) ? b : a))
  const first = best.records[0]
  if (first === undefined) {
    throw invalidData(name, {
      code: 'no_rows',
      what: 'no line with data was found',
      hint: 'Upload one row per line, cells separated by commas.',
    })
  }
  if (first.length > limits.columnsMax) {
    throw invalidData(name, {
      code: 'too_many_columns',
      what: `the first row has ${first.length} cells; expected at most ${limits.columnsMax}`,
      hint: 'Upload images as IDX files instead of columns.',
    })
  }
  const hasHeader = header ?? looksLikeHeader(first)
  return { delimiter: best.delimiter, header: hasHeader, columns: first.map((cell, i) => (hasHeader ? cell : `column_${i}`)) }
}

/**
 * Records with their row numbers (from 1, counting header and empty lines as an editor does), without header and empty lines.
 * @throws TrainyardError `invalid_data` at a quoting mistake or an oversized record
 */
export async function* csvRecords(
  reader: ByteReader,
  name: string,
  { delimiter, header }: TableLayout,
  limits: PrepareLimits,
): AsyncGenerator<{ readonly row: number; readonly cells: string[] }> {
  const input = Readable.from(reader.rest(), { objectMode: false })
  const parser = parse({ ...parserOptions(delimiter), max_record_size: limits.recordBytesMax })
  input.once('error', (error) => parser.destroy(error))
  let row = 0
  let headerSeen = !header
  try {
    for await (const cells of input.pipe(parser) as AsyncIterable<string[]>) {
      row++
      if (isEmpty(cells)) continue
      if (headerSeen) yield { row, cells }
      headerSeen = true
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw invalidData(name, {
      code: 'bad_csv',
      what: error.message,
      row: row + 1,
      hint: 'Put cells that contain the delimiter, a line break or a quote into double quotes, and double the quotes inside.',
    })
  } finally {
    input.destroy()
    parser.destroy()
    await reader.close()
  }
}

function parserOptions(delimiter: Delimiter): Options {
  return { delimiter, bom: true, trim: true, relax_column_count: true, skip_empty_lines: false }
}

function firstRecords(text: string, delimiter: Delimiter, whole: boolean): string[][] {
  const records: string[][] = []
  const collect = (record: string[]) => {
    records.push(record)
    return record
  }
  try {
    parseSync(text, { ...parserOptions(delimiter), to: SNIFF_RECORDS, relax_quotes: true, on_record: collect })
  } catch (error) {
    // A quote that is still open where the sample ends; the records before it tell enough.
    if (!(error instanceof CsvError)) throw error
  }
  const cutOff = !whole && records.length < SNIFF_RECORDS && records.length > 1
  return (cutOff ? records.slice(0, -1) : records).filter((record) => !isEmpty(record))
}

/** Records of equal length count most, then their number of cells. */
function score(records: readonly string[][]): number {
  const width = records[0]?.length ?? 0
  if (width < 2) return width
  const equal = records.filter((record) => record.length === width).length / records.length
  return equal * 1e6 + width
}

/** A header names every column, each differently, and holds no number. */
function looksLikeHeader(first: readonly string[]): boolean {
  return first.every((cell) => cell !== '' && Number.isNaN(parseNumber(cell)) && !isMissing(cell)) && new Set(first).size === first.length
}

function isEmpty(cells: readonly string[]): boolean {
  return cells.length === 1 && cells[0] === ''
}

/** For texts: the columns, shortened. */
export function listed(columns: readonly string[]): string {
  return columns.slice(0, 12).map(shown).join(', ') + (columns.length > 12 ? ` … (${columns.length})` : '')
}
