// What is no mistake, but should be looked at: columns that tell nothing or name rows, classes that cannot be learned.

import type { ColumnProfile, DatasetTarget } from '@trainyard/contracts'
import type { Problems } from '../problems.ts'
import { SPLIT_NAMES } from '../split/assignment.ts'
import type { WrittenRows } from './write-rows.ts'

/** Rows from which a value of its own in each is no accident. */
const NAMING_ROWS_MIN = 10

export function addWarnings(problems: Problems, { columns, splits }: WrittenRows, target: DatasetTarget): void {
  for (const column of columns ?? []) addColumnWarning(problems, column)
  if (target.kind === 'class') addClassWarnings(problems, target.classes, splits)
}

function addColumnWarning(problems: Problems, column: ColumnProfile): void {
  const shared = { severity: 'warning' as const, column: column.name }
  if (column.count > 1 && column.distinct === 1) {
    problems.add({ ...shared, code: 'constant_column', what: 'all rows have one value', hint: 'Name it in "ignore".' })
  } else if (isNaming(column)) {
    problems.add({
      ...shared,
      code: 'identifying_column',
      what: column.type === 'category' ? 'each row has a text of its own' : 'rows are numbered one by one',
      hint: 'A model learns rows by heart from it: name it as "id" where versions are to be compared by it, else in "ignore".',
    })
  }
}

/** Texts of which none comes twice, and numbers that count the rows. */
function isNaming({ type, count, distinct, min, max }: ColumnProfile): boolean {
  if (count < NAMING_ROWS_MIN || type === 'date') return false
  if (type === 'category') return distinct === count
  // Whether values come twice is an estimate in large columns; its standard error is 1.6 %.
  return typeof min === 'number' && typeof max === 'number' && max - min === count - 1 && distinct > 0.95 * count
}

function addClassWarnings(problems: Problems, classes: readonly string[], splits: WrittenRows['splits']): void {
  const counts = (split: string) => splits.get(split)?.classCounts ?? []
  classes.forEach((label, c) => {
    const total = SPLIT_NAMES.reduce((sum, split) => sum + (counts(split)[c] ?? 0), 0)
    const shared = { column: label, severity: 'warning' as const }
    if (total === 1) {
      problems.add({
        ...shared,
        code: 'rare_class',
        what: 'the class has one row',
        hint: 'Collect more rows, or join the class with another.',
      })
    } else if ((counts('train')[c] ?? 0) === 0) {
      problems.add({
        ...shared,
        code: 'unknown_label',
        what: 'the class has no training row',
        hint: 'A model cannot learn it: check the label.',
      })
    }
  })
}
