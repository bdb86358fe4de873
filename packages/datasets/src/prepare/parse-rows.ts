// First pass: every row of the upload is parsed once, into the spool; columns are counted on the way.

import type { RowSource, TensorColumn } from '../formats/row-source.ts'
import { invalidData, type Problem, type Problems } from '../problems.ts'
import { ColumnSurvey, DictionaryBudget } from './column-survey.ts'
import type { PrepareContext } from './context.ts'
import type { Quarantine } from './quarantine.ts'
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

/**
 * @param tensor the array column to keep
 * @param path of the spool's file
 */
export async function parseRows(
  source: RowSource,
  tensor: TensorColumn | null,
  path: string,
  file: string,
  problems: Problems,
  quarantine: Quarantine,
  context: PrepareContext,
): Promise<ParsedRows> {
  const { limits, signal, onProgress } = context
  const budget = new DictionaryBudget()
  let cells = 0
  const columns = source.columns.map((column) =>
    column.kind === 'cells' ? { at: cells++, survey: new ColumnSurvey(column, budget) } : null,
  )
  const rowNumbers = cells++
  const spool = new Spool(path, { cells, arrayBytes: tensor === null ? 0 : arrayBytes(tensor) })
  const tensorAt = tensor === null ? -1 : source.columns.indexOf(tensor)
  const onProblem = (problem: Problem) => {
    problems.add(problem)
    quarantine.addRaw(problem)
  }
  try {
    for await (const batch of source.read({ onProblem, signal })) {
      for (let from = 0; from < batch.rows; ) {
        const block = spool.space()
        const to = Math.min(batch.rows, from + block.stride - block.from)
        columns.forEach((column, i) => {
          const values = batch.columns[i]
          if (column === null || values?.kind !== 'cells') return
          column.survey.code(values, from, to, block.cells, block.words, column.at * block.stride + block.from, (row) =>
            batch.rowNumber(row),
          )
        })
        for (let row = from; row < to; row++) block.cells[rowNumbers * block.stride + block.from + row - from] = batch.rowNumber(row)
        const array = batch.columns[tensorAt]
        if (tensor !== null && array?.kind === 'tensor') copyArrays(array.data, from, to, tensor, block.arrays, block.from)
        spool.commit(to - from)
        from = to
      }
      if (spool.rows > limits.rowsMax) throw tooManyRows(file, limits.rowsMax)
      signal?.throwIfAborted()
      onProgress({ stage: 'parse', rows: spool.rows, totalRows: source.rowCount })
    }
  } catch (error) {
    spool.close()
    throw error
  }
  return { rows: spool.rows, spool, columns, rowNumbers }
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
