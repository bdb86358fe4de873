// The version that rows are appended to, as a preparation needs it: its column types and classes hold for the new rows as well, and its rows stay
// in their splits.

import type { DatasetManifest } from '@trainyard/contracts'
import { invalidData, type Problems, shown } from '../problems.ts'
import { UNMARKED } from '../split/assignment.ts'
import type { CheckedRows } from './checked-rows.ts'
import type { ColumnType } from './column-survey.ts'

/** Names that are listed in a text. */
const LISTED_MAX = 10

export class BaseVersion {
  readonly #types: ReadonlyMap<string, ColumnType>
  readonly #manifest: DatasetManifest
  /** Split of each parsed row, in the order of the files. */
  readonly #marks: Uint8Array
  readonly #newClasses: boolean

  constructor(manifest: DatasetManifest, marks: Uint8Array, newClasses: boolean) {
    const { input, index } = manifest
    const columns = input.kind === 'features' ? input.columns : []
    this.#types = new Map((index?.types ?? []).map((type, i) => [columns[i] ?? '', type]))
    this.#manifest = manifest
    this.#marks = marks
    this.#newClasses = newClasses
  }

  /** What the column is, whatever the new rows look like; undefined where the base has no such column. */
  typeOf(column: string): ColumnType | undefined {
    return this.#types.get(column)
  }

  /** @throws TrainyardError `invalid_data` when nothing was appended, or nothing that can be read */
  requireNewRows(parsedRows: number, file: string, problems: Problems): void {
    if (parsedRows > this.#marks.length) return
    problems.throwIfAny()
    throw invalidData(file, { code: 'no_rows', what: 'there is no row to append', hint: 'Append a file with at least one row of data.' })
  }

  /** What the base has not: classes are an error unless they were asked for, categories a warning. */
  compare({ target, features }: CheckedRows, file: string, problems: Problems): void {
    const known = this.#manifest.target
    const found = target.kind === 'class' ? target.labels : target.kind === 'multi_label' ? (target.listed?.labels ?? null) : null
    if (found !== null && 'classes' in known && !this.#newClasses) {
      const added = missingIn(found.ordered().labels, known.classes)
      if (added.length > 0) throw newClasses(file, added)
    }
    const { input } = this.#manifest
    if (input.kind !== 'features') return
    for (const { name, labels } of features) {
      const categories = input.categories?.[input.columns.indexOf(name)] ?? null
      const added = labels === null || categories === null ? [] : missingIn(labels.ordered().labels, categories)
      if (added.length > 0) problems.add(newCategories(name, added))
    }
  }

  /** Split of each good row; UNMARKED for those that the base has not. */
  marksOf({ isBad, rows }: CheckedRows): Uint8Array {
    const marks = new Uint8Array(rows)
    let good = 0
    for (let row = 0; row < isBad.length; row++) {
      if (isBad[row] === 0) marks[good++] = this.#marks[row] ?? UNMARKED
    }
    return marks
  }
}

function missingIn(labels: readonly string[], known: readonly string[]): string[] {
  const set = new Set(known)
  return labels.filter((label) => !set.has(label))
}

const listOf = (labels: readonly string[]) =>
  labels.slice(0, LISTED_MAX).map(shown).join(', ') + (labels.length > LISTED_MAX ? ` … (${labels.length})` : '')

const newClasses = (file: string, labels: readonly string[]) =>
  invalidData(file, {
    code: 'new_class',
    what: `${labels.length === 1 ? 'a class' : `${labels.length} classes`} that the version has not: ${listOf(labels)}`,
    hint: 'Correct the labels, or set new_classes to true: models that were trained before do not know them.',
  })

const newCategories = (column: string, labels: readonly string[]) => ({
  severity: 'warning' as const,
  code: 'new_category',
  what: `${labels.length === 1 ? 'a value' : `${labels.length} values`} that the version has not: ${listOf(labels)}`,
  column,
  hint: 'Models that were trained before know none of them; check the spelling.',
})
