// Second pass: now that the columns' types are known, every cell is checked, bad rows are marked, and what must be known of all rows before they
// can be divided is collected: classes, labels, keys of the split.

import type { RowSource } from '../formats/row-source.ts'
import type { Problems } from '../problems.ts'
import type { BaseVersion } from './base-version.ts'
import { FeatureCheck } from './check-features.ts'
import { SplitCheck } from './check-split.ts'
import { TargetCheck } from './check-target.ts'
import type { CheckedRows } from './checked-rows.ts'
import type { ColumnRoles } from './column-roles.ts'
import { breathe, type PrepareContext } from './context.ts'
import type { ParsedRows } from './parse-rows.ts'
import type { Quarantine } from './quarantine.ts'
import { RowMarks } from './row-marks.ts'
import type { SpoolBlock } from './spool.ts'

export async function checkRows(
  source: RowSource,
  roles: ColumnRoles,
  parsed: ParsedRows,
  problems: Problems,
  quarantine: Quarantine,
  base: BaseVersion | null,
  context: PrepareContext,
): Promise<CheckedRows> {
  const checker = new RowChecker(source, roles, parsed, new RowMarks(parsed, problems, quarantine), base, context)
  for (const block of parsed.spool.blocks()) {
    checker.check(block)
    await breathe(context)
    context.onProgress({ stage: 'check', rows: block.firstRow + block.rows, totalRows: parsed.rows })
  }
  return checker.finish()
}

class RowChecker {
  readonly #marks: RowMarks
  readonly #features: FeatureCheck
  readonly #target: TargetCheck
  readonly #split: SplitCheck
  #rows = 0

  constructor(
    source: RowSource,
    roles: ColumnRoles,
    parsed: ParsedRows,
    marks: RowMarks,
    base: BaseVersion | null,
    { options, limits }: PrepareContext,
  ) {
    this.#marks = marks
    this.#features = new FeatureCheck(roles, parsed, marks, base)
    this.#target = new TargetCheck(roles, parsed, options, limits.classesMax, marks)
    this.#split = new SplitCheck(source, roles, parsed, marks)
  }

  check(block: SpoolBlock): void {
    this.#features.check(block)
    this.#target.check(block)
    this.#split.check(block)
    const { isBad } = this.#marks
    for (let row = 0; row < block.rows; row++) {
      if (isBad[block.firstRow + row] === 1) continue
      this.#target.collect(block, row)
      this.#split.collect(block, row)
      this.#rows++
    }
    this.#features.collect(block)
  }

  finish(): CheckedRows {
    this.#features.finish()
    this.#target.finish()
    const { keys, given } = this.#split
    return { isBad: this.#marks.isBad, rows: this.#rows, features: this.#features.features, target: this.#target.target, keys, given }
  }
}
