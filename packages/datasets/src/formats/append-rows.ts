// The rows of a version and of what is appended to it, one after another, with the columns of the version. Columns of tables are found by their
// names; a table without a header has them by their places.

import { invalidData, Problems, partRow, shown } from '../problems.ts'
import type { CellColumn, ReadRequest, RowBatch, RowSource, SourceColumn } from './row-source.ts'
import { splitRows } from './split-rows.ts'

export interface RowPart {
  /** Name of the file, for texts. */
  readonly name: string
  readonly source: RowSource
}

/**
 * @param parts the oldest first; at least one
 * @throws TrainyardError `invalid_data` with every column that is missing or too much
 */
export function appendRows(parts: readonly RowPart[]): RowSource {
  const [first, ...others] = parts
  if (first === undefined) throw new Error('appendRows needs a part')
  if (others.length === 0) return first.source
  const { columns } = first.source
  const matched = others.map((part) => match(columns, withSplit(columns, part)))
  const all = [{ source: first.source, places: [...columns.keys()] }, ...matched]
  const counts = all.map(({ source }) => source.rowCount)
  return {
    columns,
    rowCount: counts.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0),
    async *read({ from, onProblem, ...request }: ReadRequest): AsyncGenerator<RowBatch> {
      const [start = 0, ...inner] = from ?? []
      for (const [index, { source, places }] of all.entries()) {
        if (index < start) continue
        const resumed = index === start && inner.length > 0 ? { from: inner } : {}
        const onPartProblem: ReadRequest['onProblem'] = (problem) =>
          onProblem(problem.row === undefined ? problem : { ...problem, row: partRow(index, problem.row) })
        for await (const batch of source.read({ ...request, ...resumed, onProblem: onPartProblem })) {
          yield {
            ...batch,
            columns: places.map((place) => batch.columns[place] as RowBatch['columns'][number]),
            rowNumber: (row) => partRow(index, batch.rowNumber(row)),
            next: [index, ...batch.next],
          }
        }
      }
    },
  }
}

/** Training images that are appended to training and test images are for training. */
function withSplit(columns: readonly SourceColumn[], part: RowPart): RowPart {
  const isSplit = (column: SourceColumn) => column.kind === 'cells' && column.role === 'split' && column.name === 'split'
  const isArray = part.source.columns[0]?.kind === 'tensor'
  if (!isArray || !columns.some(isSplit) || part.source.columns.some(isSplit)) return part
  return { name: part.name, source: splitRows([{ split: 'train', name: part.name, source: part.source }]) }
}

interface MatchedPart {
  readonly source: RowSource
  /** For each column of the version, its place in the part. */
  readonly places: readonly number[]
}

function match(columns: readonly SourceColumn[], { name, source }: RowPart): MatchedPart {
  const own = source.columns
  if (isUnnamed(own) && own.length === columns.length && columns.every(isCells)) return { source, places: [...columns.keys()] }
  const problems = new Problems(name)
  const tensors = own.flatMap((column, i) => (column.kind === 'tensor' ? [i] : []))
  const places = columns.map((column) => {
    if (column.kind === 'cells') {
      const place = own.findIndex((other) => other.kind === 'cells' && other.name === column.name)
      if (place < 0) problems.add(missingColumn(column, columns))
      return place
    }
    // The only array need not have the same name.
    const named = own.findIndex((other) => other.kind === 'tensor' && other.name === column.name)
    const place = named < 0 && tensors.length === 1 ? (tensors[0] as number) : named
    if (describe(own[place]) !== describe(column)) throw unequalShapes(name, column, own[place])
    return place
  })
  own.forEach((column, place) => {
    if (!places.includes(place)) problems.add(unknownColumn(column, columns))
  })
  problems.throwIfAny()
  return { source, places }
}

const isCells = (column: SourceColumn): column is CellColumn => column.kind === 'cells'

/** As the readers name columns without a header. */
const isUnnamed = (columns: readonly SourceColumn[]) => columns.every((column, i) => isCells(column) && column.name === `column_${i}`)

function describe(column: SourceColumn | undefined): string {
  if (column === undefined) return 'nothing'
  if (column.kind === 'cells') return `the column ${shown(column.name)}`
  return `${column.dtype === 'uint8' ? 'images' : 'arrays'} of ${column.shape.join('×')}`
}

const listOf = (columns: readonly SourceColumn[]) =>
  columns
    .slice(0, 12)
    .map(({ name }) => shown(name))
    .join(', ') + (columns.length > 12 ? ` … (${columns.length})` : '')

const missingColumn = ({ name }: SourceColumn, columns: readonly SourceColumn[]) => ({
  code: 'missing_column',
  column: name,
  what: `the column is missing; the version has ${listOf(columns)}`,
  hint: 'Append files with the columns of the version, in any order, or upload a new version.',
})

const unknownColumn = ({ name }: SourceColumn, columns: readonly SourceColumn[]) => ({
  code: 'unknown_column',
  column: name,
  what: `the version has no such column; it has ${listOf(columns)}`,
  hint: 'Remove the column, or upload all rows as a new version.',
})

function unequalShapes(name: string, expected: SourceColumn, found: SourceColumn | undefined) {
  return invalidData(name, {
    code: 'unequal_shapes',
    what: `the file has ${describe(found)}, the version has ${describe(expected)}`,
    hint: 'Append images of the size and colours of the version; one that was prepared with "resize" takes every size.',
  })
}
