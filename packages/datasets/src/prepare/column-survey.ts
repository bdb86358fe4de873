// What a column of cells is, counted while it is parsed: numbers, dates or categories, known after the last row only.

import { CELL, type CellColumn, type CellValues } from '../formats/row-source.ts'
import { MS_PER_DAY, parseDate, putDate, putHashed, putMissing, putText } from './cell.ts'
import { WHOLE_CLASSES_MAX } from './choose-target.ts'

/** Different texts that a column remembers. */
const TEXTS_MAX = 32_768
/** Different whole numbers that a column of targets remembers: one more than the rule about classes asks for. */
const WHOLES_MAX = WHOLE_CLASSES_MAX + 1
/** Cells that are kept as examples of text or dates in a column of numbers. */
const EXAMPLES_MAX = 3

export type ColumnType = 'number' | 'date' | 'category'

/** Letters that the dictionaries of all columns may hold together: 2 bytes each. */
export class DictionaryBudget {
  #left = 32 << 20

  take(letters: number): boolean {
    if (letters > this.#left) return false
    this.#left -= letters
    return true
  }
}

export interface CellExample {
  readonly row: number
  readonly text: string
}

export class ColumnSurvey {
  readonly texts: string[] = []
  readonly #textIndex = new Map<string, number>()
  /** The first cells that are no numbers. */
  readonly textExamples: CellExample[] = []
  numberCount = 0
  textCount = 0
  dateCount = 0
  missingCount = 0
  hashedCount = 0
  /** Of the numbers or dates that float32 can hold. */
  min = Number.POSITIVE_INFINITY
  max = Number.NEGATIVE_INFINITY
  hasFraction = false
  /** The first different whole numbers of a target; empty for other columns. */
  readonly wholes = new Set<number>()

  constructor(
    readonly column: CellColumn,
    readonly budget: DictionaryBudget,
    readonly isTarget = false,
  ) {}

  get type(): ColumnType {
    const { numberCount, textCount, dateCount } = this
    if (textCount === 0 && dateCount === 0) return 'number'
    if (textCount === 0 && numberCount === 0) return 'date'
    // More numbers than anything else: the others are mistakes. Else the numbers are names too.
    return numberCount > textCount + dateCount ? 'number' : 'category'
  }

  snapshot() {
    const { texts, textExamples, numberCount, textCount, dateCount, missingCount, hashedCount, min, max, hasFraction } = this
    return {
      texts,
      textExamples: textExamples.map((example) => ({ ...example })),
      wholes: [...this.wholes],
      ...{ numberCount, textCount, dateCount, missingCount, hashedCount, min, max, hasFraction },
    }
  }

  restore({ texts, textExamples, wholes, ...counts }: ReturnType<ColumnSurvey['snapshot']>): void {
    for (const text of texts) {
      this.budget.take(text.length)
      this.#textIndex.set(text, this.texts.length)
      this.texts.push(text)
    }
    this.textExamples.push(...textExamples)
    for (const whole of wholes) this.wholes.add(whole)
    Object.assign(this, counts)
  }

  /** Codes rows [from, to) of a batch into the cells [at, …). */
  code(
    values: CellValues,
    from: number,
    to: number,
    cells: Float64Array,
    words: Uint32Array,
    at: number,
    rowNumber: (row: number) => number,
  ) {
    const { states, numbers } = values
    for (let row = from, cell = at; row < to; row++, cell++) {
      const state = states[row]
      if (state === CELL.number) this.#number(numbers[row] as number, cells, cell)
      else if (state === CELL.missing) {
        this.missingCount++
        putMissing(words, cell)
      } else this.#text(values.text(row), words, cell, row, rowNumber)
    }
  }

  #number(value: number, cells: Float64Array, cell: number): void {
    this.numberCount++
    cells[cell] = value + 0
    if (!Number.isFinite(Math.fround(value))) return
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    if (!this.hasFraction && !Number.isInteger(value)) this.hasFraction = true
    if (this.isTarget && this.wholes.size < WHOLES_MAX) this.wholes.add(value)
  }

  #text(text: string, words: Uint32Array, cell: number, row: number, rowNumber: (row: number) => number): void {
    if (this.textExamples.length < EXAMPLES_MAX) this.textExamples.push({ row: rowNumber(row), text })
    const time = parseDate(text)
    if (!Number.isNaN(time)) {
      this.dateCount++
      putDate(words, cell, time)
      const days = time / MS_PER_DAY
      if (days < this.min) this.min = days
      if (days > this.max) this.max = days
      return
    }
    this.textCount++
    let index = this.#textIndex.get(text)
    if (index === undefined && this.texts.length < TEXTS_MAX && this.budget.take(text.length)) {
      index = this.texts.length
      this.texts.push(text)
      this.#textIndex.set(text, index)
    }
    if (index === undefined) {
      this.hashedCount++
      putHashed(words, cell, text)
    } else putText(words, cell, index)
  }
}
