// First pass over a table: checks every cell, finds what the target is, and keeps the target column. Features are only checked.

import type { PrepareOptions } from '@trainyard/contracts'
import { listed } from '../formats/csv/dialect.ts'
import { CELL, type CellValues, type RowBatch, type RowSource } from '../formats/row-source.ts'
import { GrowableFloat32, GrowableInt32 } from '../growable.ts'
import { invalidData, Problems } from '../problems.ts'
import { classIndex, orderedClasses } from './classes.ts'
import type { PrepareContext } from './context.ts'

export interface TableSurvey {
  readonly targetColumn: number
  readonly rows: number
  readonly target:
    | { readonly kind: 'class'; readonly classes: readonly string[]; readonly indices: Int32Array }
    | { readonly kind: 'value'; readonly values: Float32Array }
}

/**
 * @param name of the upload, for texts
 * @throws TrainyardError `invalid_data` with every kind of mistake, grouped by column
 */
export async function surveyTable(source: RowSource, name: string, context: PrepareContext): Promise<TableSurvey> {
  const { limits, signal, options } = context
  const columns = source.columns.map((column) => column.name)
  const targetColumn = findTarget(name, columns, options)
  const problems = new Problems(name)
  checkNames(columns, problems)
  const target = new TargetSurvey(columns[targetColumn] ?? '', limits.classesMax, problems)
  let rows = 0
  for await (const batch of source.read({ onProblem: (problem) => problems.add(problem), signal })) {
    for (const [i, cells] of cellsOf(batch).entries()) {
      for (let row = 0; row < batch.rows; row++) {
        if (i === targetColumn) target.add(cells, row, batch.rowNumber(row))
        else checkFeature(cells, row, batch, columns[i] as string, problems)
      }
    }
    rows += batch.rows
    if (rows > limits.rowsMax) throw tooManyRows(name, limits.rowsMax)
    context.onProgress({ rows, totalRows: null })
  }
  const result = target.result(options.target_kind)
  problems.throwIfAny()
  if (rows === 0) {
    throw invalidData(name, { code: 'no_rows', what: 'there is a header, but no row with data', hint: 'Upload at least one row.' })
  }
  return { targetColumn, rows, target: result }
}

export function cellsOf({ columns }: RowBatch): CellValues[] {
  return columns.map((column) => {
    if (column.kind !== 'cells') throw new Error('a table has columns of cells only')
    return column
  })
}

function findTarget(file: string, columns: readonly string[], { target }: PrepareOptions): number {
  if (columns.length < 2) {
    throw invalidData(file, {
      code: 'too_few_columns',
      what: 'one column was found; expected at least one feature and the target',
      hint: 'Separate cells by comma, semicolon, tab or |.',
    })
  }
  if (target === undefined) return columns.length - 1
  const named = typeof target === 'string' ? columns.indexOf(target) : -1
  const index = named >= 0 ? named : typeof target === 'number' || /^\d+$/.test(target) ? Number(target) : -1
  if (index >= 0 && index < columns.length) return index
  throw invalidData(file, {
    code: 'no_such_column',
    what: `there is no target column ${JSON.stringify(target)}; the columns are ${listed(columns)}`,
    hint: 'Name a column, or give its index from 0.',
  })
}

function checkNames(columns: readonly string[], problems: Problems): void {
  columns.forEach((column, i) => {
    if (columns.indexOf(column) !== i) {
      problems.add({
        code: 'duplicate_column',
        what: 'the name occurs twice in the header',
        column,
        hint: 'Give every column its own name.',
      })
    }
  })
}

function checkFeature(cells: CellValues, at: number, batch: RowBatch, column: string, problems: Problems): void {
  const value = cells.numbers[at] as number
  if (Number.isFinite(Math.fround(value))) return
  const cell = cells.text(at)
  const row = batch.rowNumber(at)
  if (cells.states[at] === CELL.missing) {
    problems.add({ code: 'missing_value', what: 'missing values', row, column, example: cell, hint: 'Fill them, or remove the rows.' })
  } else if (Number.isNaN(value)) {
    const hint = /^[+-]?\d+,\d+$/.test(cell)
      ? 'Write decimal points, not commas.'
      : 'Features must be numbers: encode text as numbers (one column of 0 and 1 per category), or remove the column.'
    problems.add({ code: 'not_a_number', what: 'text where a number is expected', row, column, example: cell, hint })
  } else {
    problems.add({
      code: 'out_of_range',
      what: 'numbers that float32 cannot hold',
      row,
      column,
      example: cell,
      hint: 'Scale the column below 3.4e38.',
    })
  }
}

/** What the target column is, known only after the last row. */
class TargetSurvey {
  readonly #labels = new Map<string, number>()
  readonly #ids = new GrowableInt32()
  readonly #values = new GrowableFloat32()
  #firstText: { row: number; example: string } | null = null
  #hasFraction = false
  #tooMany = false

  constructor(
    readonly column: string,
    readonly classesMax: number,
    readonly problems: Problems,
  ) {}

  add(cells: CellValues, at: number, row: number): void {
    if (cells.states[at] === CELL.missing) {
      this.problems.add({
        code: 'missing_target',
        what: 'rows without a target',
        row,
        column: this.column,
        hint: 'Fill the target, or remove the rows.',
      })
      return
    }
    const value = cells.numbers[at] as number
    const isNumber = Number.isFinite(Math.fround(value))
    if (!isNumber) this.#firstText ??= { row, example: cells.text(at) }
    else if (!Number.isInteger(value)) this.#hasFraction = true
    // Numbers have one spelling: 1, 1.0 and 01 are one class.
    const label = isNumber ? String(value) : cells.text(at)
    let id = this.#labels.get(label)
    if (id === undefined && this.#labels.size < this.classesMax) {
      id = this.#labels.size
      this.#labels.set(label, id)
    }
    this.#tooMany ||= id === undefined
    this.#ids.push(id ?? 0)
    this.#values.push(value)
  }

  result(kind: PrepareOptions['target_kind']): TableSurvey['target'] {
    const isValue = kind === 'value' || (kind === undefined && this.#hasFraction && this.#firstText === null)
    if (isValue) {
      if (this.#firstText !== null) {
        const hint = 'Make the target numeric, or prepare it as classes with target_kind "class".'
        this.problems.add({ code: 'not_a_number', what: 'text where a number is expected', column: this.column, ...this.#firstText, hint })
      }
      return { kind: 'value', values: this.#values.values }
    }
    if (this.#tooMany) {
      const what = `more than ${this.classesMax} different labels`
      const hint = 'For numbers to predict use target_kind "value"; for classes name the column that holds them.'
      this.problems.add({ code: 'too_many_classes', what, column: this.column, hint })
    }
    const classes = orderedClasses(this.#labels.keys())
    const index = classIndex(classes)
    const order = [...this.#labels.keys()].map((label) => index.get(label) ?? 0)
    return { kind: 'class', classes, indices: this.#ids.values.map((id) => order[id] ?? 0) }
  }
}

function tooManyRows(file: string, rowsMax: number) {
  return invalidData(file, {
    code: 'too_many_rows',
    what: `more than ${rowsMax} rows`,
    hint: 'Split the data, or ask the operator for a higher limit.',
  })
}
