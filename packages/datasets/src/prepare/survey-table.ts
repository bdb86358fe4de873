// First pass over a table: checks every cell, finds what the target is, and keeps the target column. Features are only checked.

import type { PrepareOptions } from '@trainyard/contracts'
import { csvRecords, isMissing, listed, parseNumber, sniffTable, type TableLayout } from '../formats/csv.ts'
import { type DataSource, openSource } from '../formats/source.ts'
import { GrowableFloat32, GrowableInt32 } from '../growable.ts'
import { invalidData, Problems } from '../problems.ts'
import { classIndex, orderedClasses } from './classes.ts'
import type { PrepareContext } from './context.ts'

export interface TableSurvey {
  readonly layout: TableLayout
  readonly targetColumn: number
  readonly rows: number
  readonly target:
    | { readonly kind: 'class'; readonly classes: readonly string[]; readonly indices: Int32Array }
    | { readonly kind: 'value'; readonly values: Float32Array }
}

/** Rows between two looks at progress and cancellation. */
const ROWS_PER_REPORT = 10_000

/** @throws TrainyardError `invalid_data` with every kind of mistake, grouped by column */
export async function surveyTable(source: DataSource, context: PrepareContext): Promise<TableSurvey> {
  const { limits, signal, options } = context
  const reader = await openText(source, context)
  const layout = await sniffTable(reader, source.name, limits, options.header)
  const targetColumn = findTarget(source.name, layout, options)
  const problems = new Problems(source.name)
  checkNames(layout, problems)
  const target = new TargetSurvey(layout.columns[targetColumn] ?? '', limits.classesMax, problems)
  let rows = 0
  for await (const { row, cells } of csvRecords(reader, source.name, layout, limits)) {
    if (cells.length !== layout.columns.length) {
      problems.add({
        code: 'wrong_cell_count',
        what: `rows with another number of cells than ${layout.columns.length}`,
        row,
        example: `${cells.length} cells`,
        hint: 'Give every row one cell per column; put cells that contain the delimiter into double quotes.',
      })
      continue
    }
    for (let i = 0; i < cells.length; i++) {
      if (i !== targetColumn) checkFeature(cells[i] as string, row, layout.columns[i] as string, problems)
    }
    target.add(cells[targetColumn] as string, row)
    rows++
    if (rows > limits.rowsMax) throw tooManyRows(source.name, limits.rowsMax)
    if (rows % ROWS_PER_REPORT === 0) {
      signal?.throwIfAborted()
      context.onProgress({ rows, totalRows: null })
    }
  }
  const result = target.result(options.target_kind)
  problems.throwIfAny()
  if (rows === 0) {
    throw invalidData(source.name, { code: 'no_rows', what: 'there is a header, but no row with data', hint: 'Upload at least one row.' })
  }
  return { layout, targetColumn, rows, target: result }
}

export async function openText(source: DataSource, { limits, signal }: PrepareContext) {
  const { format, reader } = await openSource(source, limits, signal)
  if (format === 'text') return reader
  await reader.close()
  throw invalidData(source.name, {
    code: 'not_a_table',
    what: 'part file is an IDX file; expected CSV',
    hint: 'Upload IDX files as the parts train_images, train_labels and, if you have them, test_images and test_labels.',
  })
}

function findTarget(file: string, { columns, header }: TableLayout, { target }: PrepareOptions): number {
  if (columns.length < 2) {
    throw invalidData(file, {
      code: 'too_few_columns',
      what: 'one column was found; expected at least one feature and the target',
      hint: 'Separate cells by comma, semicolon, tab or |.',
    })
  }
  if (target === undefined) return columns.length - 1
  const named = typeof target === 'string' ? columns.indexOf(target) : -1
  const index = named >= 0 ? named : typeof target === 'number' || (!header && /^\d+$/.test(target)) ? Number(target) : -1
  if (index >= 0 && index < columns.length) return index
  throw invalidData(file, {
    code: 'no_such_column',
    what: `there is no target column ${JSON.stringify(target)}; the columns are ${listed(columns)}`,
    hint: header ? 'Name a column of the header, or its index from 0.' : 'The file has no header: give the index from 0.',
  })
}

function checkNames({ columns, header }: TableLayout, problems: Problems): void {
  if (!header) return
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

function checkFeature(cell: string, row: number, column: string, problems: Problems): void {
  const value = parseNumber(cell)
  if (Number.isFinite(Math.fround(value))) return
  if (isMissing(cell)) {
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

  add(cell: string, row: number): void {
    if (isMissing(cell)) {
      this.problems.add({
        code: 'missing_target',
        what: 'rows without a target',
        row,
        column: this.column,
        hint: 'Fill the target, or remove the rows.',
      })
      return
    }
    const value = parseNumber(cell)
    const isNumber = Number.isFinite(Math.fround(value))
    if (!isNumber) this.#firstText ??= { row, example: cell }
    else if (!Number.isInteger(value)) this.#hasFraction = true
    // Numbers have one spelling: 1, 1.0 and 01 are one class.
    const label = isNumber ? String(value) : cell
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
