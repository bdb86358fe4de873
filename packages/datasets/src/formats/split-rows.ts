// Several row sources of equal columns, one after another, with a column that names the split of each: training and test files of one upload.

import { invalidData } from '../problems.ts'
import { constantCells, type ReadRequest, type RowBatch, type RowSource, type SourceColumn } from './row-source.ts'

export interface SplitPart {
  readonly split: string
  /** Name of the file or group of arrays, for texts. */
  readonly name: string
  readonly source: RowSource
}

/**
 * @param parts at least one
 * @throws TrainyardError `invalid_data` when their columns differ
 */
export function splitRows(parts: readonly SplitPart[]): RowSource {
  const [first, ...others] = parts
  if (first === undefined) throw new Error('splitRows needs a part')
  for (const part of others) checkEqual(first, part)
  const counts = parts.map(({ source }) => source.rowCount)
  return {
    columns: [...first.source.columns, { kind: 'cells', name: 'split', role: 'split' }],
    rowCount: counts.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0),
    async *read({ from, ...request }: ReadRequest): AsyncGenerator<RowBatch> {
      const [at = 0, ...inner] = from ?? []
      for (const [index, { split, source }] of parts.entries()) {
        if (index < at) continue
        const resumed = index === at && inner.length > 0 ? { from: inner } : {}
        for await (const batch of source.read({ ...request, ...resumed })) {
          yield { ...batch, columns: [...batch.columns, constantCells(split, batch.rows)], next: [index, ...batch.next] }
        }
      }
    },
  }
}

function checkEqual(a: SplitPart, b: SplitPart): void {
  const [left, right] = [a.source.columns, b.source.columns]
  const differing = left.find((column, i) => describe(column) !== describe(right[i]))
  if (differing === undefined && left.length === right.length) return
  const i = differing === undefined ? Math.min(left.length, right.length) : left.indexOf(differing)
  throw invalidData(b.name, {
    code: 'unequal_shapes',
    what: `${b.split} has ${describe(right[i])}, ${a.split} has ${describe(left[i])}`,
    hint: 'Give all splits the same columns, and images of one size.',
  })
}

function describe(column: SourceColumn | undefined): string {
  if (column === undefined) return 'nothing'
  if (column.kind === 'cells') return `a value "${column.name}"`
  const shape = column.shape.join('×')
  return column.dtype === 'uint8' ? `images of ${shape} (channels × height × width)` : `arrays "${column.name}" of ${shape}`
}
