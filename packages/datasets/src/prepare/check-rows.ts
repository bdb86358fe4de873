// Second pass: now that the columns' types are known, every cell is checked, bad rows are marked, and what must be known of all rows before they
// can be divided is collected: classes, labels, keys of the split.

import type { PrepareOptions } from '@trainyard/contracts'
import type { RowSource } from '../formats/row-source.ts'
import { GrowableFloat64, GrowableInt32, GrowableUint8 } from '../growable.ts'
import { hashBytes, hashWords, rehash } from '../hash/murmur.ts'
import type { Problem, Problems } from '../problems.ts'
import { splitOfValue } from '../split/by-column.ts'
import { cellHash, kindOf, MS_PER_DAY, textIndex, timeOf } from './cell.ts'
import { type ColumnRoles, tensorColumn } from './column-roles.ts'
import type { ColumnSurvey, ColumnType } from './column-survey.ts'
import type { PrepareContext } from './context.ts'
import { breathe } from './context.ts'
import { isoDate, Labels } from './labels.ts'
import { arrayBytes, type ParsedColumn, type ParsedRows } from './parse-rows.ts'
import type { Quarantine } from './quarantine.ts'
import type { SpoolBlock } from './spool.ts'

/** Categories of a feature: each becomes a column where it is encoded one-hot. */
const CATEGORIES_MAX = 1000
/** Letters of a bad row that are kept. */
const CONTENT_LENGTH_MAX = 4000

export interface FeatureColumn {
  readonly name: string
  /** Cell column of the spool. */
  readonly at: number
  readonly type: ColumnType
  readonly survey: ColumnSurvey
  /** Of a category. */
  readonly labels: Labels | null
}

export type CheckedTarget =
  | {
      readonly kind: 'class'
      readonly at: number
      readonly labels: Labels
      /** Label id of each good row. */
      readonly ids: GrowableInt32
      /** The level above; for each label id the id of its coarse label. */
      readonly coarse: { readonly at: number; readonly labels: Labels; readonly of: Map<number, number> } | null
    }
  | { readonly kind: 'value'; readonly columns: readonly { readonly name: string; readonly at: number; readonly survey: ColumnSurvey }[] }
  /** Columns of 0 and 1, or labels in one column: for each of its texts the ids. */
  | {
      readonly kind: 'multi_label'
      readonly columns: readonly { readonly name: string; readonly at: number }[]
      readonly listed: { readonly labels: Labels; readonly idsOfText: (block: SpoolBlock, cell: number) => readonly number[] } | null
    }
  | { readonly kind: 'none' }

export interface CheckedRows {
  /** 1 for each parsed row that is left out. */
  readonly isBad: Uint8Array
  /** Good rows. */
  readonly rows: number
  readonly features: readonly FeatureColumn[]
  readonly target: CheckedTarget
  /** Of good rows; empty where the split reads none. */
  readonly keys: Float64Array
  /** Mark of each good row, where the data says it; else null. */
  readonly given: Uint8Array | null
}

export async function checkRows(
  source: RowSource,
  roles: ColumnRoles,
  parsed: ParsedRows,
  problems: Problems,
  quarantine: Quarantine,
  context: PrepareContext,
): Promise<CheckedRows> {
  const checker = new RowChecker(source, roles, parsed, problems, quarantine, context)
  for (const block of parsed.spool.blocks()) {
    checker.check(block)
    await breathe(context)
    context.onProgress({ stage: 'check', rows: block.firstRow + block.rows, totalRows: parsed.rows })
  }
  return checker.finish()
}

class RowChecker {
  readonly #parsed: ParsedRows
  readonly #roles: ColumnRoles
  readonly #problems: Problems
  readonly #quarantine: Quarantine
  readonly #isBad: Uint8Array
  readonly #features: readonly FeatureColumn[]
  readonly #target: CheckedTarget
  readonly #keyColumns: readonly ParsedColumn[]
  readonly #keys = new GrowableFloat64()
  readonly #givenColumn: ParsedColumn | null
  readonly #givenOf: (value: string) => number | undefined
  readonly #given = new GrowableUint8()
  readonly #rowBytes: number
  readonly #allCells: readonly ParsedColumn[]
  readonly #names: readonly string[]
  #rows = 0

  constructor(
    source: RowSource,
    roles: ColumnRoles,
    parsed: ParsedRows,
    problems: Problems,
    quarantine: Quarantine,
    { options, limits }: PrepareContext,
  ) {
    this.#parsed = parsed
    this.#roles = roles
    this.#problems = problems
    this.#quarantine = quarantine
    this.#isBad = new Uint8Array(parsed.rows)
    this.#names = source.columns.map(({ name }) => name)
    this.#allCells = parsed.columns.filter((column) => column !== null)
    this.#features = roles.features.map((index) => {
      const { at, survey } = this.#column(index)
      const type = roles.categories.has(index) ? 'category' : survey.type
      const labels = type === 'category' ? new Labels(survey.texts, CATEGORIES_MAX) : null
      return { name: this.#names[index] ?? '', at, type, survey, labels }
    })
    this.#target = this.#describeTarget(options, limits.classesMax)
    const { split } = roles
    const hashesAll = split.by === 'hash' && roles.splitKeys.length === 0
    const keyIndices = hashesAll ? [...roles.features, ...roles.targets] : roles.splitKeys
    this.#keyColumns = keyIndices.map((index) => this.#column(index))
    const tensor = tensorColumn(source, roles)
    this.#rowBytes = hashesAll && tensor !== null ? arrayBytes(tensor) : 0
    this.#givenColumn = roles.given === null ? null : this.#column(roles.given)
    this.#givenOf = splitOfValue(split.by === 'column' ? split.values : undefined)
  }

  check(block: SpoolBlock): void {
    for (const feature of this.#features) this.#checkFeature(block, feature)
    this.#checkTarget(block)
    this.#checkKeys(block)
    for (let row = 0; row < block.rows; row++) {
      if (this.#isBad[block.firstRow + row] === 1) continue
      this.#collect(block, row)
      this.#rows++
    }
    for (const { at, labels } of this.#features) {
      if (labels === null) continue
      for (let row = 0; row < block.rows; row++) {
        if (this.#isBad[block.firstRow + row] === 0) labels.add(block.cells, block.words, at * block.stride + row)
      }
    }
  }

  finish(): CheckedRows {
    for (const { name, labels, survey } of this.#features) {
      if (labels?.isFull === true) this.#problems.add(tooManyCategories(name, CATEGORIES_MAX))
      const present = survey.numberCount + survey.textCount + survey.dateCount
      if (present === 0) this.#problems.add(emptyColumn(name))
    }
    const target = this.#target
    if (target.kind === 'class' && target.labels.isFull) {
      this.#problems.add(tooManyClasses(this.#names[this.#roles.targets[0] ?? 0] ?? '', target.labels.max))
    }
    return {
      isBad: this.#isBad,
      rows: this.#rows,
      features: this.#features,
      target,
      keys: this.#keys.values,
      given: this.#givenColumn === null ? null : this.#given.values,
    }
  }

  #column(index: number): ParsedColumn {
    const column = this.#parsed.columns[index]
    if (column === null || column === undefined) throw new Error(`column ${index} is an array, not cells`)
    return column
  }

  #describeTarget({ target_kind, label_separator }: PrepareOptions, classesMax: number): CheckedTarget {
    const columns = this.#roles.targets.map((index) => ({ name: this.#names[index] ?? '', ...this.#column(index) }))
    const [first] = columns
    if (first === undefined) return { kind: 'none' }
    if (target_kind === 'multi_label') {
      if (columns.length > 1) return { kind: 'multi_label', columns, listed: null }
      const labels = new Labels([], classesMax)
      return { kind: 'multi_label', columns, listed: { labels, idsOfText: listReader(first.survey, labels, label_separator) } }
    }
    const isNumeric = first.survey.textCount === 0 && first.survey.dateCount === 0
    const isValue =
      target_kind === 'value' || (target_kind === undefined && (columns.length > 1 || (first.survey.hasFraction && isNumeric)))
    if (isValue) return { kind: 'value', columns }
    const coarseIndex = this.#roles.coarse
    const coarseColumn = coarseIndex === null ? null : this.#column(coarseIndex)
    const coarse =
      coarseColumn === null ? null : { at: coarseColumn.at, labels: new Labels(coarseColumn.survey.texts, classesMax), of: new Map() }
    return { kind: 'class', at: first.at, labels: new Labels(first.survey.texts, classesMax), ids: new GrowableInt32(), coarse }
  }

  #checkFeature(block: SpoolBlock, { name, at, type, survey }: FeatureColumn): void {
    if (type === 'category') return
    for (let row = 0, cell = at * block.stride; row < block.rows; row++, cell++) {
      const kind = kindOf(block.words, cell)
      if (kind === 'missing') this.#problems.add(missingValue(this.#rowNumber(block, row), name))
      else if (kind === 'number' && type === 'number') {
        if (!Number.isFinite(Math.fround(block.cells[cell] as number))) {
          this.#reject(block, row, outOfRange(this.#rowNumber(block, row), name, String(block.cells[cell])))
        }
      } else if (kind !== 'date' || type !== 'date') {
        this.#reject(block, row, notANumber(this.#rowNumber(block, row), name, textOf(block, cell, survey), survey.textCount))
      }
    }
  }

  #checkTarget(block: SpoolBlock): void {
    const target = this.#target
    if (target.kind === 'none') return
    const columns = this.#roles.targets.map((index) => ({ name: this.#names[index] ?? '', ...this.#column(index) }))
    for (const { name, at, survey } of columns) {
      for (let row = 0, cell = at * block.stride; row < block.rows; row++, cell++) {
        const kind = kindOf(block.words, cell)
        if (kind === 'missing') {
          // A row without labels has none of them.
          if (target.kind === 'multi_label' && target.listed !== null) continue
          this.#reject(block, row, missingTarget(this.#rowNumber(block, row), name))
        } else if (target.kind === 'value') {
          const value = kind === 'number' ? (block.cells[cell] as number) : Number.NaN
          if (kind !== 'number') this.#reject(block, row, notAValue(this.#rowNumber(block, row), name, textOf(block, cell, survey)))
          else if (!Number.isFinite(Math.fround(value)))
            this.#reject(block, row, outOfRange(this.#rowNumber(block, row), name, String(value)))
        } else if (target.kind === 'multi_label' && target.listed === null) {
          const value = kind === 'number' ? (block.cells[cell] as number) : Number.NaN
          if (value !== 0 && value !== 1)
            this.#reject(block, row, notALabel(this.#rowNumber(block, row), name, textOf(block, cell, survey)))
        }
      }
    }
  }

  #checkKeys(block: SpoolBlock): void {
    const { split } = this.#roles
    const needsKey = split.by === 'group' || split.by === 'time'
    for (const { at, survey } of needsKey ? this.#keyColumns : []) {
      for (let row = 0, cell = at * block.stride; row < block.rows; row++, cell++) {
        const kind = kindOf(block.words, cell)
        const name = survey.column.name
        if (kind === 'missing') this.#reject(block, row, missingKey(this.#rowNumber(block, row), name, split.by))
        else if (split.by === 'time' && kind !== 'number' && kind !== 'date') {
          this.#reject(block, row, notATime(this.#rowNumber(block, row), name, textOf(block, cell, survey)))
        }
      }
    }
    const given = this.#givenColumn
    if (given === null) return
    for (let row = 0, cell = given.at * block.stride; row < block.rows; row++, cell++) {
      const text = textOf(block, cell, given.survey)
      if (this.#givenOf(text) === undefined)
        this.#reject(block, row, unknownSplit(this.#rowNumber(block, row), given.survey.column.name, text))
    }
  }

  #collect(block: SpoolBlock, row: number): void {
    const { cells, words, stride } = block
    const target = this.#target
    if (target.kind === 'class') {
      const id = target.labels.add(cells, words, target.at * stride + row)
      target.ids.push(Math.max(0, id))
      if (target.coarse !== null && id >= 0) this.#collectCoarse(block, row, id, target.coarse)
    } else if (target.kind === 'multi_label' && target.listed !== null) {
      target.listed.idsOfText(block, (target.columns[0]?.at ?? 0) * stride + row)
    }
    if (this.#givenColumn !== null) {
      const { at, survey } = this.#givenColumn
      this.#given.push(this.#givenOf(textOf(block, at * stride + row, survey)) ?? 0)
    }
    const [first] = this.#keyColumns
    if (this.#roles.split.by === 'time' && first !== undefined) {
      const cell = first.at * stride + row
      this.#keys.push(kindOf(words, cell) === 'date' ? timeOf(words, cell) / MS_PER_DAY : (cells[cell] as number))
    } else if (this.#roles.split.by === 'group' && first !== undefined) {
      this.#keys.push(cellHash(words, first.at * stride + row, first.survey.texts))
    } else if (this.#roles.split.by === 'hash') this.#keys.push(this.#rowHash(block, row))
  }

  #collectCoarse(
    block: SpoolBlock,
    row: number,
    id: number,
    coarse: NonNullable<Extract<CheckedTarget, { kind: 'class' }>['coarse']>,
  ): void {
    const { at, labels, of } = coarse
    const found = labels.add(block.cells, block.words, at * block.stride + row)
    const known = of.get(id)
    if (known === undefined && found >= 0) of.set(id, found)
    else if (known !== found) {
      this.#problems.add({
        code: 'inconsistent_hierarchy',
        what: 'a class has two coarse classes, or none',
        row: this.#rowNumber(block, row),
        column: this.#names[this.#roles.coarse ?? 0] ?? '',
        hint: 'Give every class one coarse class in all its rows.',
      })
    }
  }

  /** Of the key columns, or of the pixels or numbers of an array and the targets. */
  #rowHash({ words, stride, arrays }: SpoolBlock, row: number): number {
    let hash = this.#rowBytes === 0 ? 0 : hashBytes(arrays, row * this.#rowBytes, (row + 1) * this.#rowBytes)
    for (const { at, survey } of this.#keyColumns) {
      const cell = cellHash(words, at * stride + row, survey.texts)
      PAIR[0] = cell >>> 0
      PAIR[1] = Math.floor(cell / 0x1_0000_0000)
      hash = rehash(hash, hashWords(PAIR, 0, 2) >>> 0)
    }
    return hash
  }

  #rowNumber({ cells, stride }: SpoolBlock, row: number): number {
    return cells[this.#parsed.rowNumbers * stride + row] as number
  }

  #reject(block: SpoolBlock, row: number, problem: Problem): void {
    this.#problems.add(problem)
    const at = block.firstRow + row
    if (this.#isBad[at] === 1) return
    this.#isBad[at] = 1
    let content = ''
    for (const { at: column, survey } of this.#allCells) {
      content += `${content === '' ? '' : ','}${textOf(block, column * block.stride + row, survey)}`
      if (content.length > CONTENT_LENGTH_MAX) break
    }
    this.#quarantine.add(problem, content.slice(0, CONTENT_LENGTH_MAX))
  }
}

const PAIR = new Uint32Array(2)

/** Ids of the labels that a cell lists, looked up once for each different text. */
function listReader(survey: ColumnSurvey, labels: Labels, separator: string) {
  const known = new Map<string, readonly number[]>()
  return (block: SpoolBlock, cell: number): readonly number[] => {
    const text = textOf(block, cell, survey)
    let ids = known.get(text)
    if (ids === undefined) {
      const parts = text.split(separator).map((part) => part.trim())
      ids = [...new Set(parts.filter((part) => part !== ''))].map((part) => labels.addText(part)).filter((id) => id >= 0)
      if (known.size < 100_000) known.set(text, ids)
    }
    return ids
  }
}

/** A cell as a text. */
export function textOf({ cells, words }: SpoolBlock, cell: number, { texts }: Pick<ColumnSurvey, 'texts'>): string {
  const kind = kindOf(words, cell)
  if (kind === 'number') return String(cells[cell])
  if (kind === 'text') return texts[textIndex(words, cell)] ?? ''
  if (kind === 'date') return isoDate(timeOf(words, cell))
  return kind === 'missing' ? '' : '(text)'
}

const missingValue = (row: number, column: string): Problem => ({
  severity: 'warning',
  code: 'missing_value',
  what: 'missing values',
  row,
  column,
  hint: 'They are filled by the transforms of the training (impute); fill them yourself where you know better.',
})

function notANumber(row: number, column: string, example: string, texts: number): Problem {
  const hint = /^[+-]?\d+,\d+$/.test(example)
    ? 'Write decimal points, not commas.'
    : `Correct the ${texts === 1 ? 'cell' : 'cells'}, leave them empty, or name the column in "categories" or "ignore".`
  return { code: 'not_a_number', what: 'text where a number is expected', row, column, example, hint }
}

const notAValue = (row: number, column: string, example: string): Problem => ({
  code: 'not_a_number',
  what: 'text where a number is expected',
  row,
  column,
  example,
  hint: 'Make the target numeric, or prepare it as classes with target_kind "class".',
})

const outOfRange = (row: number, column: string, example: string): Problem => ({
  code: 'out_of_range',
  what: 'numbers that float32 cannot hold',
  row,
  column,
  example,
  hint: 'Scale the column below 3.4e38.',
})

const missingTarget = (row: number, column: string): Problem => ({
  code: 'missing_target',
  what: 'rows without a target',
  row,
  column,
  hint: 'Fill the target, or remove the rows (mode "tolerant" leaves them out).',
})

const notALabel = (row: number, column: string, example: string): Problem => ({
  code: 'not_a_label',
  what: 'something else than 0 and 1',
  row,
  column,
  example,
  hint: 'Columns of a multi_label target hold 1 where the label applies and 0 where it does not.',
})

const missingKey = (row: number, column: string, by: string): Problem => ({
  code: 'missing_split_key',
  what: `rows without a ${by}`,
  row,
  column,
  hint: 'Fill the column, or split in another way.',
})

const notATime = (row: number, column: string, example: string): Problem => ({
  code: 'not_a_time',
  what: 'neither a number nor an ISO 8601 date',
  row,
  column,
  example,
  hint: 'Write times as 2024-05-31 or 2024-05-31T12:00:00Z.',
})

const unknownSplit = (row: number, column: string, example: string): Problem => ({
  code: 'unknown_split',
  what: 'a value that names no split',
  row,
  column,
  example,
  hint: 'Use train, validation and test, or say in split.values which values mean which split.',
})

const emptyColumn = (column: string): Problem => ({
  severity: 'warning',
  code: 'empty_column',
  what: 'no row has a value',
  column,
  hint: 'Name it in "ignore".',
})

const tooManyCategories = (column: string, max: number): Problem => ({
  code: 'too_many_categories',
  what: `more than ${max} different texts in a feature`,
  column,
  hint: 'Name the column in "ignore" where it is an identifier, or group rare values.',
})

const tooManyClasses = (column: string, max: number): Problem => ({
  code: 'too_many_classes',
  what: `more than ${max} different labels`,
  column,
  hint: 'For numbers to predict use target_kind "value"; for classes name the column that holds them.',
})
