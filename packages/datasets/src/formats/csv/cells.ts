// One column of a tokenized block: numbers when they are asked for, texts one by one.

import { CELL, type CellValues } from '../row-source.ts'
import type { MissingValues } from './missing.ts'
import { parseDecimal } from './number.ts'

const NO_NUMBERS = new Float64Array(0)
const NO_STATES = new Uint8Array(0)

export class BlockColumn implements CellValues {
  readonly kind = 'cells'
  readonly #column: number
  readonly #width: number
  readonly #missing: MissingValues
  #bytes: Buffer = Buffer.alloc(0)
  #cells: Int32Array = new Int32Array(0)
  #rows = 0
  #isAscii = false
  #isParsed = false
  #numbers: Float64Array = NO_NUMBERS
  #states: Uint8Array = NO_STATES

  constructor(column: number, width: number, missing: MissingValues) {
    this.#column = column
    this.#width = width
    this.#missing = missing
  }

  /** @param cells start and end of every cell, row by row */
  reset(bytes: Buffer, cells: Int32Array, rows: number, isAscii: boolean): void {
    this.#bytes = bytes
    this.#cells = cells
    this.#rows = rows
    this.#isAscii = isAscii
    this.#isParsed = false
  }

  get numbers(): Float64Array {
    this.#parse()
    return this.#numbers.subarray(0, this.#rows)
  }

  get states(): Uint8Array {
    this.#parse()
    return this.#states.subarray(0, this.#rows)
  }

  text(row: number): string {
    const at = 2 * (row * this.#width + this.#column)
    const start = this.#cells[at] as number
    const end = this.#cells[at + 1] as number
    const first = start < 0 ? ~start : start
    const text = this.#bytes.toString(this.#isAscii ? 'latin1' : 'utf8', first, end)
    return start < 0 ? text.replaceAll('""', '"') : text
  }

  #parse(): void {
    if (this.#isParsed) return
    this.#isParsed = true
    const rows = this.#rows
    if (this.#numbers.length < rows) {
      this.#numbers = new Float64Array(rows)
      this.#states = new Uint8Array(rows)
    }
    const bytes = this.#bytes
    const cells = this.#cells
    const numbers = this.#numbers
    const states = this.#states
    const stride = 2 * this.#width
    for (let row = 0, at = 2 * this.#column; row < rows; row++, at += stride) {
      const start = cells[at] as number
      const end = cells[at + 1] as number
      const first = start < 0 ? ~start : start
      if (this.#missing.has(bytes, first, end)) {
        numbers[row] = Number.NaN
        states[row] = CELL.missing
        continue
      }
      const value = parseDecimal(bytes, first, end)
      numbers[row] = value
      states[row] = Number.isNaN(value) ? CELL.text : CELL.number
    }
  }
}
