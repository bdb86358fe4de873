// First pass: every row of the upload is parsed once, into the spool; columns are counted on the way.

import type { RowBatch, RowPosition, RowSource, TensorColumn } from '../formats/row-source.ts'
import { invalidData, type Problem, type Problems } from '../problems.ts'
import { ColumnSurvey, DictionaryBudget } from './column-survey.ts'
import { breathe, type PrepareContext } from './context.ts'
import type { Quarantine } from './quarantine.ts'
import type { StageCapture } from './resume/progress-keeper.ts'
import type { Snapshot } from './resume/snapshot.ts'
import { Spool } from './spool.ts'

export interface ParsedRows {
  readonly rows: number
  readonly spool: Spool
  /** By index in `RowSource.columns`; null for arrays. */
  readonly columns: readonly (ParsedColumn | null)[]
  /** Cell column of the spool that holds the row's number in its file. */
  readonly rowNumbers: number
}

export interface ParsedColumn {
  /** Cell column of the spool. */
  readonly at: number
  readonly survey: ColumnSurvey
}

export interface ParsedStage {
  readonly parsed: ParsedRows
  /** All that was done so far. */
  readonly capture: () => StageCapture
}

/**
 * @param tensor the array column to keep
 * @param targets columns of the target
 */
export async function parseRows(
  source: RowSource,
  tensor: TensorColumn | null,
  targets: readonly number[],
  file: string,
  problems: Problems,
  quarantine: Quarantine,
  context: PrepareContext,
): Promise<ParsedStage> {
  const { keeper, limits, signal, onProgress } = context
  const parser = new RowParser(source, tensor, targets, context.outDir)
  const restored = keeper?.restored?.stages
  if (keeper && restored?.parse !== undefined) parser.restore(restored.parse, keeper.pathOf)
  const capture = (): StageCapture => {
    const found: FoundState = { problems: problems.snapshot(), quarantine: quarantine.snapshot() }
    return { stages: { parse: parser.snapshot(), found }, files: [...parser.spool.files, ...quarantine.filesOf(found.quarantine)] }
  }
  const onProblem = (problem: Problem) => {
    problems.add(problem)
    quarantine.addRaw(problem)
  }
  try {
    // Rows are checked when all of them are parsed.
    if (restored?.check === undefined) {
      for await (const batch of source.read({ onProblem, signal, ...parser.position })) {
        parser.add(batch)
        if (parser.spool.rows > limits.rowsMax) throw tooManyRows(file, limits.rowsMax)
        await breathe(context, capture)
        onProgress({ stage: 'parse', rows: parser.spool.rows, totalRows: source.rowCount })
      }
    }
  } catch (error) {
    if (keeper === null) parser.spool.remove()
    throw error
  }
  return { parsed: parser.finish(), capture }
}

/** What was found wrong so far, in whatever stage. */
export interface FoundState {
  readonly problems: ReturnType<Problems['snapshot']>
  readonly quarantine: ReturnType<Quarantine['snapshot']>
  readonly [key: string]: Snapshot
}

class RowParser {
  readonly spool: Spool
  readonly #columns: readonly (ParsedColumn | null)[]
  readonly #rowNumbers: number
  readonly #tensor: TensorColumn | null
  /** Index of the array in a batch; −1 without one. */
  readonly #tensorAt: number
  #next: RowPosition | null = null

  constructor({ columns }: RowSource, tensor: TensorColumn | null, targets: readonly number[], directory: string) {
    const budget = new DictionaryBudget()
    let cells = 0
    this.#columns = columns.map((column, i) =>
      column.kind === 'cells' ? { at: cells++, survey: new ColumnSurvey(column, budget, targets.includes(i)) } : null,
    )
    this.#rowNumbers = cells++
    this.#tensor = tensor
    this.#tensorAt = tensor === null ? -1 : columns.indexOf(tensor)
    this.spool = new Spool(directory, { cells, arrayBytes: tensor === null ? 0 : arrayBytes(tensor) })
  }

  /** Where reading goes on. */
  get position(): { readonly from?: RowPosition } {
    return this.#next === null ? {} : { from: this.#next }
  }

  add(batch: RowBatch): void {
    const rowNumber = (row: number) => batch.rowNumber(row)
    for (let from = 0; from < batch.rows; ) {
      const block = this.spool.space()
      const to = Math.min(batch.rows, from + block.stride - block.from)
      this.#columns.forEach((column, i) => {
        const values = batch.columns[i]
        if (column === null || values?.kind !== 'cells') return
        column.survey.code(values, from, to, block.cells, block.words, column.at * block.stride + block.from, rowNumber)
      })
      for (let row = from; row < to; row++) block.cells[this.#rowNumbers * block.stride + block.from + row - from] = batch.rowNumber(row)
      const array = batch.columns[this.#tensorAt]
      if (this.#tensor !== null && array?.kind === 'tensor') copyArrays(array.data, from, to, this.#tensor, block.arrays, block.from)
      this.spool.commit(to - from)
      from = to
    }
    this.#next = batch.next
  }

  finish(): ParsedRows {
    return { rows: this.spool.rows, spool: this.spool, columns: this.#columns, rowNumbers: this.#rowNumbers }
  }

  snapshot() {
    return {
      seen: this.spool.rows,
      next: this.#next,
      surveys: this.#columns.map((column) => column?.survey.snapshot() ?? null),
      spool: this.spool.snapshot(),
    }
  }

  restore(snapshot: Snapshot, pathOf: (name: string) => string): void {
    const { next, surveys, spool } = snapshot as ReturnType<RowParser['snapshot']>
    this.#next = next
    this.#columns.forEach((column, i) => {
      const survey = surveys[i] ?? null
      if (survey !== null) column?.survey.restore(survey)
    })
    this.spool.restore(spool, pathOf)
  }
}

/** A column that is known to hold cells. */
export function columnAt({ columns }: ParsedRows, index: number): ParsedColumn {
  const column = columns[index]
  if (column === null || column === undefined) throw new Error(`column ${index} is an array, not cells`)
  return column
}

export function arrayBytes({ dtype, shape }: TensorColumn): number {
  return elementCount(shape) * (dtype === 'uint8' ? 1 : 4)
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

function copyArrays(
  data: Uint8Array | Float32Array,
  from: number,
  to: number,
  column: TensorColumn,
  into: Uint8Array,
  place: number,
): void {
  const rowBytes = arrayBytes(column)
  const bytes = new Uint8Array(data.buffer, data.byteOffset + from * rowBytes, (to - from) * rowBytes)
  into.set(bytes, place * rowBytes)
}

function tooManyRows(file: string, rowsMax: number) {
  return invalidData(file, {
    code: 'too_many_rows',
    what: `more than ${rowsMax} rows`,
    hint: 'Split the data, or ask the operator for a higher limit.',
  })
}
