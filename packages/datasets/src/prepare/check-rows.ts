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
import type { ParsedRows, ParsedStage } from './parse-rows.ts'
import type { Quarantine } from './quarantine.ts'
import type { StageCapture } from './resume/progress-keeper.ts'
import type { Snapshot } from './resume/snapshot.ts'
import { RowMarks } from './row-marks.ts'
import type { SpoolBlock } from './spool.ts'

export interface CheckedStage {
  readonly checked: CheckedRows
  /** All that was done so far, for the stage that follows. */
  readonly capture: StageCapture
}

export async function checkRows(
  source: RowSource,
  roles: ColumnRoles,
  { parsed, capture: captureParsed }: ParsedStage,
  problems: Problems,
  quarantine: Quarantine,
  base: BaseVersion | null,
  context: PrepareContext,
): Promise<CheckedStage> {
  const checker = new RowChecker(source, roles, parsed, new RowMarks(parsed, problems, quarantine), base, context)
  const restored = context.keeper?.restored?.stages.check
  if (restored !== undefined) checker.restore(restored)
  const capture = (): StageCapture => {
    const { stages, files } = captureParsed()
    return { stages: { ...stages, check: checker.snapshot() }, files }
  }
  for (const block of parsed.spool.blocks(checker.seen)) {
    checker.check(block)
    await breathe(context, capture)
    context.onProgress({ stage: 'check', rows: checker.seen, totalRows: parsed.rows })
  }
  // Without the problems of whole columns, which are found again.
  const done = capture()
  return { checked: checker.finish(), capture: done }
}

class RowChecker {
  readonly #marks: RowMarks
  readonly #features: FeatureCheck
  readonly #target: TargetCheck
  readonly #split: SplitCheck
  /** Parsed rows that were looked at. */
  seen = 0
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
    this.#target = new TargetCheck(source, roles, parsed, options, limits.classesMax, marks)
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
    this.seen = block.firstRow + block.rows
  }

  snapshot() {
    return {
      seen: this.seen,
      rows: this.#rows,
      isBad: this.#marks.isBad,
      features: this.#features.snapshot(),
      target: this.#target.snapshot(),
      split: this.#split.snapshot(),
    }
  }

  restore(snapshot: Snapshot): void {
    const state = snapshot as ReturnType<RowChecker['snapshot']>
    this.seen = state.seen
    this.#rows = state.rows
    this.#marks.isBad.set(state.isBad)
    this.#features.restore(state.features)
    this.#target.restore(state.target)
    this.#split.restore(state.split)
  }

  finish(): CheckedRows {
    this.#features.finish()
    this.#target.finish()
    const { keys, given } = this.#split
    const { target, choice } = this.#target
    return { isBad: this.#marks.isBad, rows: this.#rows, features: this.#features.features, target, choice, keys, given }
  }
}
