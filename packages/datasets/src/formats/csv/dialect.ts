// How a table is written: its delimiter, and whether the first row names the columns. Found by trying every delimiter on the first rows.

import type { PrepareLimits } from '../../limits.ts'
import { invalidData, shown } from '../../problems.ts'
import { CELL } from '../row-source.ts'
import { BlockColumn } from './cells.ts'
import { MissingValues } from './missing.ts'
import { Tokenizer } from './tokenizer.ts'

export const DELIMITERS = [',', ';', '\t', '|'] as const
export type Delimiter = (typeof DELIMITERS)[number]

/** Records that decide about delimiter and header. */
const SNIFF_RECORDS = 20
/** Bytes that are looked at for them. */
export const DIALECT_BYTES = 1 << 18

export interface Dialect {
  readonly delimiter: Delimiter
  readonly hasHeader: boolean
  /** Names from the header, else column_0, column_1 … */
  readonly columns: readonly string[]
}

export interface DialectOptions {
  readonly delimiter?: Delimiter | undefined
  readonly header?: boolean | undefined
}

interface Sample {
  readonly delimiter: Delimiter
  /** The first record, cell by cell. */
  readonly first: readonly string[]
  readonly hasNumbers: boolean
  readonly widths: readonly number[]
}

/**
 * @param head the beginning of the file in UTF-8, up to DIALECT_BYTES
 * @param isWhole whether the file ends there
 * @throws TrainyardError `invalid_data` when there is no table to see
 */
export function sniffDialect(head: Uint8Array, isWhole: boolean, name: string, limits: PrepareLimits, options: DialectOptions): Dialect {
  const candidates = options.delimiter === undefined ? DELIMITERS : [options.delimiter]
  const samples = candidates.map((delimiter) => sampleOf(head, isWhole, delimiter)).filter((sample) => sample !== null)
  const [someSample] = samples
  if (someSample === undefined) {
    throw invalidData(name, {
      code: 'no_rows',
      what: 'no line with data was found',
      hint: 'Upload one row per line, cells separated by commas.',
    })
  }
  const { delimiter, first, hasNumbers } = samples.reduce((a, b) => (score(b) > score(a) ? b : a))
  if (first.length > limits.columnsMax) {
    throw invalidData(name, {
      code: 'too_many_columns',
      what: `the first row has ${first.length} cells; expected at most ${limits.columnsMax}`,
      hint: 'Upload images as IDX files instead of columns.',
    })
  }
  const hasHeader = options.header ?? (!hasNumbers && looksLikeHeader(first))
  return { delimiter, hasHeader, columns: first.map((cell, i) => (hasHeader && cell !== '' ? cell : `column_${i}`)) }
}

function sampleOf(head: Uint8Array, isWhole: boolean, delimiter: Delimiter): Sample | null {
  const bytes = Buffer.alloc(head.length + 1)
  bytes.set(head)
  const tokenizer = new Tokenizer({ delimiter: delimiter.charCodeAt(0), width: 0, onBad: () => {} })
  tokenizer.tokenize(bytes, head.length, isWhole, SNIFF_RECORDS)
  // One line longer than the sample: its beginning tells enough.
  if (tokenizer.cellEnds.length === 0 && !isWhole) tokenizer.tokenize(bytes, head.length, true, SNIFF_RECORDS)
  const ends = tokenizer.cellEnds.values
  const width = ends[0]
  if (width === undefined) return null
  const missing = new MissingValues()
  const first = Array.from({ length: width }, (_, i) => {
    const column = new BlockColumn(i, width, missing)
    column.reset(bytes, tokenizer.cells.values, 1, false)
    return { text: column.text(0), isText: column.states[0] === CELL.text }
  })
  return {
    delimiter,
    first: first.map(({ text }) => text),
    hasNumbers: first.some(({ text, isText }) => !isText && text !== ''),
    widths: Array.from(ends, (end, row) => end - (row === 0 ? 0 : (ends[row - 1] as number))),
  }
}

/** Records of equal length count most, then their number of cells. */
function score({ widths, first: { length: width } }: Sample): number {
  if (width < 2) return width
  return (widths.filter((other) => other === width).length / widths.length) * 1e6 + width
}

/** A header names every column, each differently; only the first may be without a name, as the index that pandas writes. */
function looksLikeHeader(first: readonly string[]): boolean {
  return first.every((cell, i) => cell !== '' || (i === 0 && first.length > 1)) && new Set(first).size === first.length
}

/** For texts: the columns, shortened. */
export function listed(columns: readonly string[]): string {
  return columns.slice(0, 12).map(shown).join(', ') + (columns.length > 12 ? ` … (${columns.length})` : '')
}
