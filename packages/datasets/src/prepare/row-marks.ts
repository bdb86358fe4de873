// Which rows are left out, and why: each is marked once and written to the quarantine, whatever else is wrong with it.

import type { Problem, Problems } from '../problems.ts'
import { contentOf } from './cell-text.ts'
import type { ParsedColumn, ParsedRows } from './parse-rows.ts'
import type { Quarantine } from './quarantine.ts'
import type { SpoolBlock } from './spool.ts'

export class RowMarks {
  /** 1 for each parsed row that is left out. */
  readonly isBad: Uint8Array
  readonly #rowNumbers: number
  readonly #columns: readonly ParsedColumn[]

  constructor(
    { rows, rowNumbers, columns }: ParsedRows,
    readonly problems: Problems,
    readonly quarantine: Quarantine,
  ) {
    this.isBad = new Uint8Array(rows)
    this.#rowNumbers = rowNumbers
    this.#columns = columns.filter((column) => column !== null)
  }

  /** The row's number in its file. */
  numberOf({ cells, stride }: SpoolBlock, row: number): number {
    return cells[this.#rowNumbers * stride + row] as number
  }

  reject(block: SpoolBlock, row: number, problem: Problem): void {
    this.problems.add(problem)
    const at = block.firstRow + row
    if (this.isBad[at] === 1) return
    this.isBad[at] = 1
    this.quarantine.add(problem, contentOf(block, row, this.#columns))
  }
}
