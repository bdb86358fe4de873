// The target of the rows: what kind it is, which rows lack it, and its classes or labels.

import type { PrepareOptions, TargetChoice } from '@trainyard/contracts'
import type { RowSource } from '../formats/row-source.ts'
import { GrowableInt32 } from '../growable.ts'
import { kindOf } from './cell.ts'
import { textOf } from './cell-text.ts'
import type { CheckedTarget, CoarseClasses } from './checked-rows.ts'
import { chooseTarget } from './choose-target.ts'
import { type ColumnRoles, tensorColumn } from './column-roles.ts'
import type { ColumnSurvey } from './column-survey.ts'
import { Labels } from './labels.ts'
import { columnAt, type ParsedRows } from './parse-rows.ts'
import type { RowMarks } from './row-marks.ts'
import { inconsistentHierarchy, missingTarget, notALabel, notAValue, outOfRange, tooManyClasses } from './row-problems.ts'
import type { SpoolBlock } from './spool.ts'

/** Texts of a column of labels that are taken apart once. */
const KNOWN_TEXTS_MAX = 100_000

interface TargetColumn {
  readonly name: string
  readonly at: number
  readonly survey: ColumnSurvey
}

export class TargetCheck {
  readonly target: CheckedTarget
  readonly choice: TargetChoice
  readonly #columns: readonly TargetColumn[]
  readonly #coarseName: string
  readonly #marks: RowMarks

  constructor(source: RowSource, roles: ColumnRoles, parsed: ParsedRows, options: PrepareOptions, classesMax: number, marks: RowMarks) {
    this.#marks = marks
    this.#columns = roles.targets.map((index) => {
      const { at, survey } = columnAt(parsed, index)
      return { name: survey.column.name, at, survey }
    })
    const coarse = roles.coarse === null ? null : columnAt(parsed, roles.coarse)
    this.#coarseName = coarse?.survey.column.name ?? ''
    const surveys = this.#columns.map(({ survey }) => survey)
    this.choice = chooseTarget(surveys, options, tensorColumn(source, roles)?.shape.length === 3)
    this.target = describeTarget(this.#columns, coarse, this.choice, options, classesMax)
  }

  check(block: SpoolBlock): void {
    const { target } = this
    if (target.kind === 'none') return
    const marks = this.#marks
    for (const { name, at, survey } of this.#columns) {
      for (let row = 0, cell = at * block.stride; row < block.rows; row++, cell++) {
        const kind = kindOf(block.words, cell)
        if (kind === 'missing') {
          // A row without labels has none of them.
          if (target.kind === 'multi_label' && target.listed !== null) continue
          marks.reject(block, row, missingTarget(marks.numberOf(block, row), name))
        } else if (target.kind === 'value') {
          const value = kind === 'number' ? (block.cells[cell] as number) : Number.NaN
          if (kind !== 'number') marks.reject(block, row, notAValue(marks.numberOf(block, row), name, textOf(block, cell, survey)))
          else if (!Number.isFinite(Math.fround(value)))
            marks.reject(block, row, outOfRange(marks.numberOf(block, row), name, String(value)))
        } else if (target.kind === 'multi_label' && target.listed === null) {
          const value = kind === 'number' ? (block.cells[cell] as number) : Number.NaN
          if (value !== 0 && value !== 1) marks.reject(block, row, notALabel(marks.numberOf(block, row), name, textOf(block, cell, survey)))
        }
      }
    }
  }

  /** A good row's. */
  collect(block: SpoolBlock, row: number): void {
    const { target } = this
    if (target.kind === 'class') {
      const id = target.labels.add(block.cells, block.words, target.at * block.stride + row)
      target.ids.push(Math.max(0, id))
      if (target.coarse !== null && id >= 0) this.#collectCoarse(block, row, id, target.coarse)
    } else if (target.kind === 'multi_label' && target.listed !== null) {
      target.listed.idsOfText(block, (target.columns[0]?.at ?? 0) * block.stride + row)
    }
  }

  snapshot() {
    const { target } = this
    const own = target.kind === 'class' ? target.labels : target.kind === 'multi_label' ? (target.listed?.labels ?? null) : null
    const coarse = target.kind === 'class' ? target.coarse : null
    return {
      labels: own?.snapshot() ?? null,
      ids: target.kind === 'class' ? target.ids.values : null,
      coarse: coarse && { labels: coarse.labels.snapshot(), of: [...coarse.of].flat() },
    }
  }

  restore({ labels, ids, coarse }: ReturnType<TargetCheck['snapshot']>): void {
    const { target } = this
    if (labels === null) return
    if (target.kind === 'multi_label') target.listed?.labels.restore(labels)
    if (target.kind !== 'class') return
    target.labels.restore(labels)
    if (ids !== null) target.ids.restore(ids)
    if (coarse === null) return
    target.coarse?.labels.restore(coarse.labels)
    for (let i = 0; i < coarse.of.length; i += 2) target.coarse?.of.set(coarse.of[i] as number, coarse.of[i + 1] as number)
  }

  finish(): void {
    const { target } = this
    if (target.kind === 'class' && target.labels.isFull) {
      this.#marks.problems.add(tooManyClasses(this.#columns[0]?.name ?? '', target.labels.max))
    }
  }

  #collectCoarse(block: SpoolBlock, row: number, id: number, { at, labels, of }: CoarseClasses): void {
    const found = labels.add(block.cells, block.words, at * block.stride + row)
    const known = of.get(id)
    if (known === undefined && found >= 0) of.set(id, found)
    else if (known !== found) this.#marks.problems.add(inconsistentHierarchy(this.#marks.numberOf(block, row), this.#coarseName))
  }
}

function describeTarget(
  columns: readonly TargetColumn[],
  coarse: Pick<TargetColumn, 'at' | 'survey'> | null,
  { kind }: TargetChoice,
  { label_separator }: PrepareOptions,
  classesMax: number,
): CheckedTarget {
  const [first] = columns
  if (first === undefined) return { kind: 'none' }
  if (kind === 'multi_label') {
    if (columns.length > 1) return { kind: 'multi_label', columns, listed: null }
    const labels = new Labels([], classesMax)
    return { kind: 'multi_label', columns, listed: { labels, idsOfText: listReader(first.survey, labels, label_separator) } }
  }
  if (kind === 'value') return { kind, columns }
  return {
    kind: 'class',
    at: first.at,
    labels: new Labels(first.survey.texts, classesMax),
    ids: new GrowableInt32(),
    coarse: coarse === null ? null : { at: coarse.at, labels: new Labels(coarse.survey.texts, classesMax), of: new Map() },
  }
}

/** Ids of the labels that a cell lists, looked up once for each different text. */
function listReader(survey: ColumnSurvey, labels: Labels, separator: string) {
  const known = new Map<string, readonly number[]>()
  return (block: SpoolBlock, cell: number): readonly number[] => {
    const text = textOf(block, cell, survey)
    let ids = known.get(text)
    if (ids === undefined) {
      const parts = text.split(separator).map((part) => part.trim())
      ids = [...new Set(parts.filter((part) => part !== ''))].map((part) => labels.addText(part)).filter((id) => id >= 0)
      if (known.size < KNOWN_TEXTS_MAX) known.set(text, ids)
    }
    return ids
  }
}
