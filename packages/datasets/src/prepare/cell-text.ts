// A cell of the spool as a text, and a row as the file of rows that were left out shows it.

import { kindOf, textIndex, timeOf } from './cell.ts'
import type { ColumnSurvey } from './column-survey.ts'
import { isoDate } from './labels.ts'
import type { ParsedColumn } from './parse-rows.ts'
import type { SpoolBlock } from './spool.ts'

/** Letters of a row that are kept. */
const CONTENT_LENGTH_MAX = 4000

export function textOf({ cells, words }: SpoolBlock, cell: number, { texts }: Pick<ColumnSurvey, 'texts'>): string {
  const kind = kindOf(words, cell)
  if (kind === 'number') return String(cells[cell])
  if (kind === 'text') return texts[textIndex(words, cell)] ?? ''
  if (kind === 'date') return isoDate(timeOf(words, cell))
  return kind === 'missing' ? '' : '(text)'
}

/** The cells of a row, joined by commas. */
export function contentOf(block: SpoolBlock, row: number, columns: readonly ParsedColumn[]): string {
  let content = ''
  for (const { at, survey } of columns) {
    content += `${content === '' ? '' : ','}${textOf(block, at * block.stride + row, survey)}`
    if (content.length > CONTENT_LENGTH_MAX) break
  }
  return content.slice(0, CONTENT_LENGTH_MAX)
}
