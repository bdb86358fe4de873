// The one interface of all readers: the columns of an upload, and its rows in batches of typed arrays, within bounded memory. What the columns
// mean (feature, target, group, time) is decided in `prepare/`.

import type { Problem } from '../problems.ts'

/** What the file's layout says a column is for; options of the preparation come first. */
export type ColumnRole = 'input' | 'target' | 'coarse' | 'group' | 'split' | 'id'

/** One value per row: number, text, or missing. */
export interface CellColumn {
  readonly kind: 'cells'
  readonly name: string
  readonly role: ColumnRole | null
}

/** An array of fixed shape per row, row-major. uint8 with three sizes is an image: [channels, height, width]. */
export interface TensorColumn {
  readonly kind: 'tensor'
  readonly name: string
  readonly role: ColumnRole | null
  /** Everything but uint8 is converted to float32. */
  readonly dtype: 'uint8' | 'float32'
  /** Of one row. */
  readonly shape: readonly number[]
}

export type SourceColumn = CellColumn | TensorColumn

/** State of a cell. */
export const CELL = { missing: 0, number: 1, text: 2 } as const

export interface CellValues {
  readonly kind: 'cells'
  /** [rows]; NaN where the state is not `CELL.number`. May hold Infinity: a number beyond float64. */
  readonly numbers: Float64Array
  /** [rows] of CELL. */
  readonly states: Uint8Array
  /** The cell as the file spells it; decoded when asked for. '' where it is missing without a spelling. */
  text(row: number): string
}

export interface TensorValues {
  readonly kind: 'tensor'
  /** [rows × shape] */
  readonly data: Uint8Array | Float32Array
}

/** Arrays are reused: a batch is valid until the next one is asked for. */
export interface RowBatch {
  /** At least 1. */
  readonly rows: number
  /** Name of the uploaded file that these rows come from, for texts. */
  readonly file: string
  /** In the order of `RowSource.columns`. */
  readonly columns: readonly (CellValues | TensorValues)[]
  /** Place of a row of this batch in its file, from 1 as an editor or spreadsheet counts (a header is row 1). */
  rowNumber(row: number): number
  /** Where `read` continues after this batch. */
  readonly next: RowPosition
}

/** A place between two batches; plain numbers, meaningful only to the reader that made it. */
export type RowPosition = readonly number[]

export interface ReadRequest {
  /** Called for every row that is left out, with the row's text in `problem.raw` where there is one. */
  readonly onProblem: (problem: Problem) => void
  /** From `RowBatch.next` of the same content and options. Default: the start. */
  readonly from?: RowPosition
  readonly signal?: AbortSignal | undefined
}

export interface RowSource {
  readonly columns: readonly SourceColumn[]
  /** Rows, where a header tells; for progress, never for allocation. */
  readonly rowCount: number | null
  /**
   * Rows from the start or a position. May be called again, for a second pass, after the pass before has ended.
   * @throws TrainyardError `invalid_data` when the rest of the file cannot be read at all
   * @example for await (const batch of source.read({ onProblem: (problem) => problems.add(problem) })) use(batch)
   */
  read(request: ReadRequest): AsyncGenerator<RowBatch>
}

/** The cells of a column of numbers: NaN is a missing value. */
export function numberCells(numbers: Float64Array): CellValues {
  return {
    kind: 'cells',
    numbers,
    states: Uint8Array.from(numbers, (value) => (Number.isNaN(value) ? CELL.missing : CELL.number)),
    text: (row) => (Number.isNaN(numbers[row]) ? '' : String(numbers[row])),
  }
}

/** The cells of a column that is the same text in every row. */
export function constantCells(text: string, rows: number): CellValues {
  return {
    kind: 'cells',
    numbers: new Float64Array(rows).fill(Number.NaN),
    states: new Uint8Array(rows).fill(CELL.text),
    text: () => text,
  }
}
