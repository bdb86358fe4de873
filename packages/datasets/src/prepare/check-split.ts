// What the split reads of the rows: keys of groups, times or hashes, or the split that a column names.

import type { RowSource } from '../formats/row-source.ts'
import { GrowableFloat64, GrowableUint8 } from '../growable.ts'
import { hashBytes, hashWords, rehash } from '../hash/murmur.ts'
import { splitOfValue } from '../split/by-column.ts'
import { cellHash, kindOf, MS_PER_DAY, timeOf } from './cell.ts'
import { textOf } from './cell-text.ts'
import { type ColumnRoles, tensorColumn } from './column-roles.ts'
import { arrayBytes, columnAt, type ParsedColumn, type ParsedRows } from './parse-rows.ts'
import type { RowMarks } from './row-marks.ts'
import { missingKey, notATime, unknownSplit } from './row-problems.ts'
import type { SpoolBlock } from './spool.ts'

export class SplitCheck {
  readonly #by: ColumnRoles['split']['by']
  readonly #marks: RowMarks
  readonly #keyColumns: readonly ParsedColumn[]
  readonly #keys = new GrowableFloat64()
  readonly #givenColumn: ParsedColumn | null
  readonly #givenOf: (value: string) => number | undefined
  readonly #given = new GrowableUint8()
  /** Of the array, where it is hashed; else 0. */
  readonly #rowBytes: number

  constructor(source: RowSource, roles: ColumnRoles, parsed: ParsedRows, marks: RowMarks) {
    const { split } = roles
    this.#by = split.by
    this.#marks = marks
    const hashesAll = split.by === 'hash' && roles.splitKeys.length === 0
    const keyIndices = hashesAll ? [...roles.features, ...roles.targets] : roles.splitKeys
    this.#keyColumns = keyIndices.map((index) => columnAt(parsed, index))
    const tensor = tensorColumn(source, roles)
    this.#rowBytes = hashesAll && tensor !== null ? arrayBytes(tensor) : 0
    this.#givenColumn = roles.given === null ? null : columnAt(parsed, roles.given)
    this.#givenOf = splitOfValue(split.by === 'column' ? split.values : undefined)
  }

  /** Of good rows; empty where the split reads none. */
  get keys(): Float64Array {
    return this.#keys.values
  }

  /** Mark of each good row, where the data says it; else null. */
  get given(): Uint8Array | null {
    return this.#givenColumn === null ? null : this.#given.values
  }

  snapshot() {
    return { keys: this.#keys.values, given: this.#given.values }
  }

  restore({ keys, given }: ReturnType<SplitCheck['snapshot']>): void {
    this.#keys.restore(keys)
    this.#given.restore(given)
  }

  check(block: SpoolBlock): void {
    const by = this.#by
    const marks = this.#marks
    for (const { at, survey } of by === 'group' || by === 'time' ? this.#keyColumns : []) {
      for (let row = 0, cell = at * block.stride; row < block.rows; row++, cell++) {
        const kind = kindOf(block.words, cell)
        const { name } = survey.column
        if (kind === 'missing') marks.reject(block, row, missingKey(marks.numberOf(block, row), name, by))
        else if (by === 'time' && kind !== 'number' && kind !== 'date') {
          marks.reject(block, row, notATime(marks.numberOf(block, row), name, textOf(block, cell, survey)))
        }
      }
    }
    const given = this.#givenColumn
    if (given === null) return
    for (let row = 0, cell = given.at * block.stride; row < block.rows; row++, cell++) {
      const text = textOf(block, cell, given.survey)
      if (this.#givenOf(text) === undefined)
        marks.reject(block, row, unknownSplit(marks.numberOf(block, row), given.survey.column.name, text))
    }
  }

  /** A good row's. */
  collect(block: SpoolBlock, row: number): void {
    const { cells, words, stride } = block
    if (this.#givenColumn !== null) {
      const { at, survey } = this.#givenColumn
      this.#given.push(this.#givenOf(textOf(block, at * stride + row, survey)) ?? 0)
    }
    const [first] = this.#keyColumns
    if (this.#by === 'time' && first !== undefined) {
      const cell = first.at * stride + row
      this.#keys.push(kindOf(words, cell) === 'date' ? timeOf(words, cell) / MS_PER_DAY : (cells[cell] as number))
    } else if (this.#by === 'group' && first !== undefined) {
      this.#keys.push(cellHash(words, first.at * stride + row, first.survey.texts))
    } else if (this.#by === 'hash') this.#keys.push(this.#rowHash(block, row))
  }

  /** Of the key columns, or of the pixels or numbers of an array and the targets. */
  #rowHash({ words, stride, arrays }: SpoolBlock, row: number): number {
    let hash = this.#rowBytes === 0 ? 0 : hashBytes(arrays, row * this.#rowBytes, (row + 1) * this.#rowBytes)
    for (const { at, survey } of this.#keyColumns) {
      const cell = cellHash(words, at * stride + row, survey.texts)
      PAIR[0] = cell >>> 0
      PAIR[1] = Math.floor(cell / 0x1_0000_0000)
      hash = rehash(hash, hashWords(PAIR, 0, 2) >>> 0)
    }
    return hash
  }
}

const PAIR = new Uint32Array(2)
