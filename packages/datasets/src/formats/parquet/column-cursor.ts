// Goes through one column chunk row by row, over the borders of its pages.

import type { RandomAccess } from '../source.ts'
import type { ColumnChunk, ParquetColumn } from './metadata.ts'
import { type Page, readPages } from './pages.ts'

/** A value of a row: null is missing. */
export type RawValue = number | Uint8Array | null

/** Most values of a list in one row. */
const LIST_VALUES_MAX = 64 << 20

export interface RawList {
  readonly values: readonly RawValue[]
  /** Repetition level per value, 0 for the first: how the lists are nested. */
  readonly levels: readonly number[]
}

export class ColumnCursor {
  readonly #pages: AsyncGenerator<Page>
  readonly #column: ParquetColumn
  #page: Page | null = null
  /** Places in the page's levels and in its values. */
  #level = 0
  #value = 0

  constructor(random: RandomAccess, chunk: ColumnChunk, column: ParquetColumn) {
    this.#pages = readPages(random, chunk, column)
    this.#column = column
  }

  /** The next `count` rows of a column without lists. */
  async values(count: number): Promise<RawValue[]> {
    const result: RawValue[] = []
    while (result.length < count) {
      const page = await this.#current()
      if (page === null) throw new Error('a column ends before the others')
      const end = Math.min(page.count, this.#level + count - result.length)
      for (; this.#level < end; this.#level++) result.push(this.#take(page))
    }
    return result
  }

  /** The list of the next row. */
  async list(): Promise<RawList> {
    const values: RawValue[] = []
    const levels: number[] = []
    for (;;) {
      const page = await this.#current()
      const level = page?.repetitions?.[this.#level]
      if (page === null || level === undefined || (level === 0 && values.length > 0)) break
      if (level !== 0 && values.length === 0) throw new Error('a row begins within a list')
      if (values.length >= LIST_VALUES_MAX) throw new Error(`a list of more than ${LIST_VALUES_MAX} values`)
      levels.push(level)
      values.push(this.#take(page))
      this.#level++
    }
    if (values.length === 0) throw new Error('a column ends before the others')
    return { values, levels }
  }

  async close(): Promise<void> {
    await this.#pages.return(undefined)
  }

  #take(page: Page): RawValue {
    if (page.definitions !== null && page.definitions[this.#level] !== this.#column.definitionMax) return null
    const value = page.values[this.#value++]
    if (value === undefined) throw new Error('a page has fewer values than its levels say')
    return value
  }

  /** The page of the next value, or null after the last. */
  async #current(): Promise<Page | null> {
    while (this.#page === null || this.#level >= this.#page.count) {
      const { done, value } = await this.#pages.next()
      if (done) return null
      this.#page = value
      this.#level = 0
      this.#value = 0
    }
    return this.#page
  }
}
