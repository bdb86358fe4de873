// Cuts a block of bytes into records and cells, without copying: RFC 4180 with any one-byte delimiter, line ends \n, \r\n and \r, and blanks around
// cells dropped. Cells are places in the block; numbers and texts are made from them when a column is asked for.

import { GrowableInt32 } from '../../growable.ts'

const QUOTE = 34
const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const TAB = 9

/** Why a record is not a row. */
export type BadRecord = 'wrong_cell_count' | 'bad_quotes'

export interface TokenizerOptions {
  /** Character code. */
  readonly delimiter: number
  /** Cells of a row; records of another width are handed to `onBad`. 0: any width, as the sniffer wants it. */
  readonly width: number
  readonly onBad: (reason: BadRecord, record: number, start: number, end: number, cells: number) => void
}

export class Tokenizer {
  /** Two numbers per cell: start and end. A start below 0 is the complement of one, where doubled quotes are inside. */
  readonly cells = new GrowableInt32()
  /** Per row: the number of its record in the block, from 0, counting empty lines. */
  readonly records = new GrowableInt32()
  /** Per row: where its cells end in `cells`, in cells. */
  readonly cellEnds = new GrowableInt32()
  /** Records that the block has, counting empty lines. */
  recordCount = 0
  /** Whether the block ends within quotes. */
  endsInQuotes = false
  readonly #options: TokenizerOptions

  constructor(options: TokenizerOptions) {
    this.#options = options
  }

  /**
   * Takes the whole records of bytes 0 to `end`; `recordsMax` stops earlier.
   * @param bytes must have one more byte than `end`: it is overwritten by a line end
   * @param isLast whether nothing follows: then an unfinished line is a record
   * @returns how many bytes were taken
   */
  tokenize(bytes: Uint8Array, end: number, isLast: boolean, recordsMax = Number.POSITIVE_INFINITY): number {
    const { delimiter, width, onBad } = this.#options
    const { cells, records, cellEnds } = this
    const tabIsBlank = delimiter !== TAB
    cells.clear()
    records.clear()
    cellEnds.clear()
    this.recordCount = 0
    this.endsInQuotes = false
    bytes[end] = NEWLINE
    let at = 0
    while (at < end && this.recordCount < recordsMax) {
      const recordStart = at
      const firstCell = cells.length
      let count = 0
      let isBad = false
      let i = at
      let recordEnd = -1
      for (;;) {
        let byte = bytes[i] as number
        while (byte === SPACE || (tabIsBlank && byte === TAB)) byte = bytes[++i] as number
        let start = i
        let stop: number
        if (byte === QUOTE) {
          start = ++i
          let hasEscapes = false
          for (;;) {
            i = bytes.indexOf(QUOTE, i)
            if (i < 0 || i >= end) {
              i = -1
              break
            }
            if (bytes[i + 1] !== QUOTE || i + 1 >= end) break
            hasEscapes = true
            i += 2
          }
          if (i < 0) {
            this.endsInQuotes = true
            if (!isLast) return recordStart
            onBad('bad_quotes', this.recordCount, recordStart, end, count + 1)
            cells.truncate(firstCell)
            this.recordCount++
            return end
          }
          stop = i
          if (hasEscapes) start = ~start
          byte = bytes[++i] as number
          while (byte === SPACE || (tabIsBlank && byte === TAB)) byte = bytes[++i] as number
          if (byte !== delimiter && byte !== NEWLINE && byte !== RETURN) {
            isBad = true
            while (byte !== delimiter && byte !== NEWLINE && byte !== RETURN) byte = bytes[++i] as number
          }
        } else {
          while (byte !== delimiter && byte !== NEWLINE && byte !== RETURN) byte = bytes[++i] as number
          stop = i
          while (stop > start && (bytes[stop - 1] === SPACE || (tabIsBlank && bytes[stop - 1] === TAB))) stop--
        }
        cells.push2(start, stop)
        count++
        if (byte === delimiter) {
          i++
          continue
        }
        recordEnd = i
        break
      }
      // A line end at the end of the block may be the sentinel, or the first half of \r\n.
      if (!isLast && (recordEnd >= end || (bytes[recordEnd] === RETURN && recordEnd + 1 >= end))) {
        cells.truncate(firstCell)
        return recordStart
      }
      at = bytes[recordEnd] === RETURN && recordEnd + 1 < end && bytes[recordEnd + 1] === NEWLINE ? recordEnd + 2 : recordEnd + 1
      const record = this.recordCount++
      if (count === 1 && isEmptyLine(bytes, recordStart, recordEnd)) cells.truncate(firstCell)
      else if (isBad) {
        onBad('bad_quotes', record, recordStart, recordEnd, count)
        cells.truncate(firstCell)
      } else if (width !== 0 && count !== width) {
        onBad('wrong_cell_count', record, recordStart, recordEnd, count)
        cells.truncate(firstCell)
      } else {
        records.push(record)
        cellEnds.push(cells.length / 2)
      }
    }
    return Math.min(at, end)
  }
}

function isEmptyLine(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== SPACE && bytes[i] !== TAB) return false
  return true
}
