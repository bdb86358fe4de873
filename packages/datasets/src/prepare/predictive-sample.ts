// A sample of rows for the question which columns give the target away: chosen by their place, so that it is the same every time.

import { shuffledRange } from '@trainyard/engine/random'
import { type ColumnUse, findPredictiveColumns, type PredictiveColumn, sampleRowsMax } from '../leakage/predictive-columns.ts'
import { cellHash, kindOf, timeOf } from './cell.ts'
import type { ParsedColumn } from './parse-rows.ts'
import type { TargetArray } from './shard-writer.ts'
import type { SpoolBlock } from './spool.ts'

/** Columns that are looked at. */
const COLUMNS_MAX = 2000

export interface SampleColumn extends ParsedColumn {
  readonly role: ColumnUse
}

export class PredictiveSample {
  readonly #columns: readonly SampleColumn[]
  readonly #values: readonly Float64Array[]
  readonly #classes: Int32Array
  readonly #every: number
  readonly #size: number
  #taken = 0

  /** @param rows that will be offered; 0 where the target has no classes */
  constructor(columns: readonly SampleColumn[], rows: number) {
    this.#columns = columns.slice(0, COLUMNS_MAX)
    this.#size = Math.min(rows, sampleRowsMax(this.#columns.length))
    this.#every = this.#size === 0 ? 1 : Math.max(1, Math.floor(rows / this.#size))
    this.#values = this.#columns.map(() => new Float64Array(this.#size))
    this.#classes = new Int32Array(this.#size)
  }

  offer(block: SpoolBlock, row: number, good: number, targets: TargetArray): void {
    if (this.#taken >= this.#size || good % this.#every !== 0) return
    const at = this.#taken++
    this.#classes[at] = targets[row] as number
    this.#columns.forEach(({ at: column, survey }, i) => {
      const cell = column * block.stride + row
      const kind = kindOf(block.words, cell)
      const values = this.#values[i] as Float64Array
      values[at] =
        kind === 'number'
          ? (block.cells[cell] as number)
          : kind === 'date'
            ? timeOf(block.words, cell)
            : cellHash(block.words, cell, survey.texts)
    })
  }

  snapshot() {
    return { values: this.#values, classes: this.#classes, taken: this.#taken }
  }

  restore({ values, classes, taken }: ReturnType<PredictiveSample['snapshot']>): void {
    this.#values.forEach((column, i) => {
      column.set(values[i] ?? [])
    })
    this.#classes.set(classes)
    this.#taken = taken
  }

  result(): PredictiveColumn[] {
    const order = shuffledRange({ seed: 0, purpose: 'split' }, this.#taken)
    const columns = this.#columns.map(({ survey, role }, i) => ({
      name: survey.column.name,
      role,
      isOrdered: survey.type !== 'category',
      values: Float64Array.from(order, (place) => this.#values[i]?.[place] ?? 0),
    }))
    return findPredictiveColumns(
      columns,
      Int32Array.from(order, (place) => this.#classes[place] ?? 0),
    )
  }
}
