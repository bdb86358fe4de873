// The values of a column as labels: texts, numbers and dates, each with one spelling. Indices are in the order of appearance first, and in the
// order of labels once all are known.

import { kindOf, textIndex, timeOf } from './cell.ts'
import { orderedClasses } from './classes.ts'

export class Labels {
  readonly #byText: Int32Array
  readonly #byNumber = new Map<number, number>()
  readonly #ids = new Map<string, number>()
  readonly #labels: string[] = []
  /** More labels than `max` were met. */
  isFull = false

  constructor(
    readonly texts: readonly string[],
    readonly max: number,
  ) {
    this.#byText = new Int32Array(texts.length).fill(-1)
  }

  /** The id of a cell's label, a new one where it is new; −1 where it has none: a missing cell, or one too many. */
  add(cells: Float64Array, words: Uint32Array, at: number): number {
    const kind = kindOf(words, at)
    if (kind === 'text') {
      const text = textIndex(words, at)
      let id = this.#byText[text] as number
      if (id < 0) {
        id = this.addText(this.texts[text] as string)
        this.#byText[text] = id
      }
      return id
    }
    if (kind === 'number' || kind === 'date') {
      const value = kind === 'number' ? (cells[at] as number) : timeOf(words, at)
      // Dates and numbers of one value are two labels; a column has one of them, or both are rare.
      const key = kind === 'number' ? value : -value - 0.5
      let id = this.#byNumber.get(key)
      if (id === undefined) {
        id = this.addText(kind === 'number' ? String(value) : isoDate(value))
        if (id >= 0) this.#byNumber.set(key, id)
      }
      return id
    }
    if (kind === 'hashed') this.isFull = true
    return -1
  }

  addText(label: string): number {
    let id = this.#ids.get(label)
    if (id === undefined) {
      if (this.#labels.length >= this.max) {
        this.isFull = true
        return -1
      }
      id = this.#labels.length
      this.#labels.push(label)
      this.#ids.set(label, id)
    }
    return id
  }

  /** A copy: cells that are looked at later may add labels. */
  snapshot() {
    return {
      byText: this.#byText.slice(),
      numbers: Float64Array.from(this.#byNumber.keys()),
      numberIds: Int32Array.from(this.#byNumber.values()),
      labels: [...this.#labels],
      isFull: this.isFull,
    }
  }

  restore({ byText, numbers, numberIds, labels, isFull }: ReturnType<Labels['snapshot']>): void {
    this.#byText.set(byText)
    numbers.forEach((number, i) => {
      this.#byNumber.set(number, numberIds[i] as number)
    })
    labels.forEach((label, id) => {
      this.#labels.push(label)
      this.#ids.set(label, id)
    })
    this.isFull = isFull
  }

  /** Labels in order, and for each id its place among them. */
  ordered(): { readonly labels: string[]; readonly place: Int32Array } {
    const labels = orderedClasses(this.#labels)
    const places = new Map(labels.map((label, i) => [label, i]))
    return { labels, place: Int32Array.from(this.#labels, (label) => places.get(label) ?? 0) }
  }
}

/** The day where the time is midnight. */
export function isoDate(time: number): string {
  const text = new Date(time).toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
}
