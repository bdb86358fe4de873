// CSV and TSV as a row source: blocks of bytes, cut into whole records, columns made from them when asked for.

import { isAscii, isUtf8 } from 'node:buffer'
import type { ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../../limits.ts'
import { invalidData } from '../../problems.ts'
import { openText } from '../open-text.ts'
import type { ReadRequest, RowBatch, RowPosition, RowSource, SourceColumn } from '../row-source.ts'
import type { DataSource } from '../source.ts'
import { BlockColumn } from './cells.ts'
import { DIALECT_BYTES, type Dialect, sniffDialect } from './dialect.ts'
import { MissingValues } from './missing.ts'
import { type BadRecord, Tokenizer } from './tokenizer.ts'

/** Bytes that are cut at once. Large enough that a call per block costs nothing, small enough to stay in the cache. */
const BLOCK_BYTES = 1 << 19
/** Letters of a bad row that are kept. */
const RAW_MAX = 4096

const PROBLEMS: { readonly [Reason in BadRecord]: (width: number, cells: number) => { what: string; hint: string; example: string } } = {
  wrong_cell_count: (width, cells) => ({
    what: `rows with another number of cells than ${width}`,
    hint: 'Give every row one cell per column; put cells that contain the delimiter into double quotes.',
    example: `${cells} cells`,
  }),
  bad_quotes: (_, cells) => ({
    what: 'quotes that are not closed, or text after a closing quote',
    hint: 'Put cells that contain the delimiter, a line break or a quote into double quotes, and double the quotes inside.',
    example: `cell ${cells}`,
  }),
}

/** @throws TrainyardError `invalid_data` when there is no table to see */
export async function openCsv(
  source: DataSource,
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<RowSource & { readonly dialect: Dialect }> {
  const reader = await openText(source, options, limits, signal)
  try {
    const head = await reader.peek(DIALECT_BYTES)
    const dialect = sniffDialect(head, head.length < DIALECT_BYTES, source.name, limits, options)
    return new CsvSource(source, options, limits, dialect)
  } finally {
    await reader.close()
  }
}

class CsvSource implements RowSource {
  readonly rowCount = null
  readonly columns: readonly SourceColumn[]

  constructor(
    readonly source: DataSource,
    readonly options: ReadOptions,
    readonly limits: PrepareLimits,
    readonly dialect: Dialect,
  ) {
    this.columns = dialect.columns.map((name) => ({ kind: 'cells', name, role: null }))
  }

  async *read({ onProblem, from, signal }: ReadRequest): AsyncGenerator<RowBatch> {
    const { source, dialect, limits } = this
    const width = dialect.columns.length
    /** Records and bytes before the block. */
    let [record, offset]: [number, number] = [from?.[0] ?? 0, from?.[1] ?? 0]
    let isHeaderNext = dialect.hasHeader && from === undefined
    let block: Buffer = Buffer.alloc(Math.min(BLOCK_BYTES, limits.recordBytesMax) + 1)
    const tokenizer = new Tokenizer({
      delimiter: dialect.delimiter.charCodeAt(0),
      width,
      onBad: (reason, index, start, end, cells) =>
        onProblem({
          code: reason,
          row: record + index + 1,
          raw: block.toString('utf8', start, Math.min(end, start + RAW_MAX)),
          ...PROBLEMS[reason](width, cells),
        }),
    })
    const missing = new MissingValues(this.options.missing_values)
    const columns = dialect.columns.map((_, i) => new BlockColumn(i, width, missing))
    const reader = await openText(source, this.options, limits, signal)
    try {
      await reader.skip(offset)
      let filled = 0
      for (let isLast = false; !isLast; ) {
        filled += await reader.readInto(block.subarray(filled, block.length - 1))
        isLast = filled < block.length - 1
        const taken = tokenizer.tokenize(block, filled, isLast)
        if (taken === 0 && !isLast) {
          block = larger(block, limits.recordBytesMax, source.name, record + 1, tokenizer.endsInQuotes)
          continue
        }
        const utf8 = isUtf8(block.subarray(0, taken))
        let rows = tokenizer.records.length
        let cells = tokenizer.cells.values
        let records = tokenizer.records.values
        if (isHeaderNext && rows > 0) {
          isHeaderNext = false
          rows--
          cells = cells.subarray(2 * width)
          records = records.subarray(1)
        }
        if (!utf8) {
          const kept = dropUndecodable(block, cells, records, rows, width, (row) =>
            onProblem({
              code: 'bad_encoding',
              what: 'bytes that are not UTF-8',
              row: record + row + 1,
              hint: 'Save the file as UTF-8, or name its encoding in the option "encoding".',
            }),
          )
          rows = kept
        }
        const first = record
        record += tokenizer.recordCount
        offset += taken
        if (rows > 0) {
          const ascii = utf8 && isAscii(block.subarray(0, taken))
          for (const column of columns) column.reset(block, cells, rows, ascii)
          yield batchOf(source.name, rows, columns, first, records, [record, offset])
        }
        block.copyWithin(0, taken, filled)
        filled -= taken
      }
    } finally {
      await reader.close()
    }
  }
}

function batchOf(
  file: string,
  rows: number,
  columns: readonly BlockColumn[],
  first: number,
  records: Int32Array,
  next: RowPosition,
): RowBatch {
  return { rows, file, columns, rowNumber: (row) => first + (records[row] as number) + 1, next }
}

function larger(block: Buffer, recordBytesMax: number, name: string, row: number, endsInQuotes: boolean): Buffer {
  if (block.length > recordBytesMax) {
    throw invalidData(name, {
      code: 'bad_csv',
      what: endsInQuotes ? `a quote is never closed within ${recordBytesMax} bytes` : `a row has more than ${recordBytesMax} bytes`,
      row,
      hint: 'Put cells that contain the delimiter, a line break or a quote into double quotes, and double the quotes inside.',
    })
  }
  const grown = Buffer.alloc(Math.min(2 * block.length, recordBytesMax) + 1)
  block.copy(grown)
  return grown
}

/** Moves the rows that are UTF-8 together; returns how many there are. */
function dropUndecodable(
  block: Buffer,
  cells: Int32Array,
  records: Int32Array,
  rows: number,
  width: number,
  onBad: (record: number) => void,
): number {
  let kept = 0
  for (let row = 0; row < rows; row++) {
    const at = 2 * row * width
    const first = cells[at] as number
    const last = cells[at + 2 * width - 1] as number
    if (!isUtf8(block.subarray(first < 0 ? ~first : first, last))) {
      onBad(records[row] as number)
      continue
    }
    cells.copyWithin(2 * kept * width, at, at + 2 * width)
    records[kept++] = records[row] as number
  }
  return kept
}
