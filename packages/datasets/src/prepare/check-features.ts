// The feature columns of a table: cells that are no numbers where numbers are expected, numbers that are too large, and the categories.

import type { BaseVersion } from './base-version.ts'
import { kindOf } from './cell.ts'
import { textOf } from './cell-text.ts'
import type { FeatureColumn } from './checked-rows.ts'
import type { ColumnRoles } from './column-roles.ts'
import { Labels } from './labels.ts'
import { columnAt, type ParsedRows } from './parse-rows.ts'
import type { RowMarks } from './row-marks.ts'
import { emptyColumn, missingValue, notANumber, outOfRange, tooManyCategories } from './row-problems.ts'
import type { SpoolBlock } from './spool.ts'

/** Categories of a feature: each becomes a column where it is encoded one-hot. */
const CATEGORIES_MAX = 1000

export class FeatureCheck {
  readonly features: readonly FeatureColumn[]
  readonly #marks: RowMarks

  constructor(roles: ColumnRoles, parsed: ParsedRows, marks: RowMarks, base: BaseVersion | null) {
    this.#marks = marks
    this.features = roles.features.map((index) => {
      const { at, survey } = columnAt(parsed, index)
      const type = roles.categories.has(index) ? 'category' : (base?.typeOf(survey.column.name) ?? survey.type)
      const labels = type === 'category' ? new Labels(survey.texts, CATEGORIES_MAX) : null
      return { name: survey.column.name, at, type, survey, labels }
    })
  }

  check(block: SpoolBlock): void {
    for (const feature of this.features) if (feature.type !== 'category') this.#checkColumn(block, feature)
  }

  /** The categories of the good rows. */
  collect(block: SpoolBlock): void {
    const { isBad } = this.#marks
    for (const { at, labels } of this.features) {
      if (labels === null) continue
      for (let row = 0; row < block.rows; row++) {
        if (isBad[block.firstRow + row] === 0) labels.add(block.cells, block.words, at * block.stride + row)
      }
    }
  }

  snapshot() {
    return this.features.map(({ labels }) => labels?.snapshot() ?? null)
  }

  restore(states: ReturnType<FeatureCheck['snapshot']>): void {
    this.features.forEach(({ labels }, i) => {
      const state = states[i] ?? null
      if (state !== null) labels?.restore(state)
    })
  }

  finish(): void {
    const { problems } = this.#marks
    for (const { name, labels, survey } of this.features) {
      if (labels?.isFull === true) problems.add(tooManyCategories(name, CATEGORIES_MAX))
      const present = survey.numberCount + survey.textCount + survey.dateCount
      if (present === 0) problems.add(emptyColumn(name))
    }
  }

  #checkColumn(block: SpoolBlock, { name, at, type, survey }: FeatureColumn): void {
    const marks = this.#marks
    for (let row = 0, cell = at * block.stride; row < block.rows; row++, cell++) {
      const kind = kindOf(block.words, cell)
      if (kind === 'missing') marks.problems.add(missingValue(marks.numberOf(block, row), name))
      else if (kind === 'number' && type === 'number') {
        if (!Number.isFinite(Math.fround(block.cells[cell] as number))) {
          marks.reject(block, row, outOfRange(marks.numberOf(block, row), name, String(block.cells[cell])))
        }
      } else if (kind !== 'date' || type !== 'date') {
        marks.reject(block, row, notANumber(marks.numberOf(block, row), name, textOf(block, cell, survey), survey.textCount))
      }
    }
  }
}
