// Cells made from texts: columns of lists and folders, and of formats that hold texts.

import { MissingValues } from './csv/missing.ts'
import { parseDecimal } from './csv/number.ts'
import { CELL, type CellValues } from './row-source.ts'

const EMPTY_ONLY = new MissingValues([])

/** Texts that are never numbers: names of folders and files, where 007 is not 7. */
export function nameCells(texts: readonly string[]): CellValues {
  return {
    kind: 'cells',
    numbers: new Float64Array(texts.length).fill(Number.NaN),
    states: Uint8Array.from(texts, (text) => (text === '' ? CELL.missing : CELL.text)),
    text: (row) => texts[row] ?? '',
  }
}

/** Texts as a table has them: those that spell a number are numbers. */
export function textCells(texts: readonly string[], missing: MissingValues = EMPTY_ONLY): CellValues {
  const numbers = new Float64Array(texts.length)
  const states = new Uint8Array(texts.length)
  for (const [row, text] of texts.entries()) {
    const bytes = Buffer.from(text)
    const isMissing = missing.hasText(text)
    const value = isMissing ? Number.NaN : parseDecimal(bytes, 0, bytes.length)
    numbers[row] = value
    states[row] = isMissing ? CELL.missing : Number.isNaN(value) ? CELL.text : CELL.number
  }
  return { kind: 'cells', numbers, states, text: (row) => texts[row] ?? '' }
}
