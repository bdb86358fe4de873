// Parquet as a row source: row groups one after another, columns page by page. Values are cells, lists of numbers are arrays, and binary columns
// that hold pictures (as Hugging Face writes them) are images.
//
// The decoder is our own: the one that is used most in JavaScript allocates by what headers claim (see the decision record).

import type { ReadOptions } from '@trainyard/contracts'
import { TrainyardError } from '@trainyard/errors'
import type { PrepareLimits } from '../../limits.ts'
import { invalidData, type Problem } from '../../problems.ts'
import { decodeImage, type ImageShape } from '../images/decode-image.ts'
import { readImageHeader } from '../images/image-header.ts'
import { findImageShape, type PackedImage } from '../images/image-shape.ts'
import type { CellValues, ColumnRole, ReadRequest, RowBatch, RowSource, SourceColumn, TensorValues } from '../row-source.ts'
import type { DataSource, RandomAccess } from '../source.ts'
import { cellsOf } from './cells.ts'
import { ColumnCursor, type RawList, type RawValue } from './column-cursor.ts'
import { damagedParquet, type ParquetColumn, type ParquetFile, readMetadata } from './metadata.ts'

/** Bytes of a batch. */
const BATCH_BYTES = 1 << 20
/** Most rows of a batch: texts cost more than 8 bytes. */
const BATCH_ROWS = 8192
/** Images that are decoded at once. */
const CONCURRENCY = 16
/** Hugging Face's images are structs of bytes and path. */
const IMAGE_BYTES_SUFFIX = '.bytes'

const ROLES: ReadonlyMap<string, ColumnRole> = new Map([
  ['label', 'target'],
  ['labels', 'target'],
  ['target', 'target'],
  ['class', 'target'],
])

/** How a column of the file becomes one of rows. */
type Plan =
  | { readonly kind: 'cells'; readonly column: ParquetColumn }
  | { readonly kind: 'list'; readonly column: ParquetColumn; readonly pattern: readonly number[]; readonly asPixels: boolean }
  | { readonly kind: 'image'; readonly column: ParquetColumn; readonly shape: ImageShape }

interface RowProblem extends Problem {
  /** Row of the batch, from 0. */
  readonly at: number
}

/** @throws TrainyardError `invalid_data` */
export async function openParquet(
  source: DataSource,
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<RowSource> {
  const random = await source.openRandom()
  try {
    const file = await readMetadata(random, source.name, limits)
    if (file.rows === 0) {
      throw invalidData(source.name, { code: 'no_rows', what: 'the Parquet file has no rows', hint: 'Upload at least one row.' })
    }
    signal?.throwIfAborted()
    const plans: Plan[] = []
    const columns: SourceColumn[] = []
    for (const [index, column] of file.columns.entries()) {
      const plan = await planColumn(random, file, column, index, options, limits, source.name)
      plans.push(plan)
      columns.push(describe(plan))
    }
    const hasInput = columns.some(({ kind }) => kind === 'tensor')
    return parquetRows(
      source,
      file,
      plans,
      columns.map((column) =>
        hasInput && column.kind === 'cells' ? { ...column, role: ROLES.get(column.name.toLowerCase()) ?? null } : column,
      ),
      limits,
    )
  } catch (error) {
    throw asDamaged(source.name, error)
  } finally {
    await random.close()
  }
}

/** Looks at the first rows: pictures are known by their bytes, the shape of lists by the first list. */
async function planColumn(
  random: RandomAccess,
  file: ParquetFile,
  column: ParquetColumn,
  index: number,
  options: ReadOptions,
  limits: PrepareLimits,
  name: string,
): Promise<Plan> {
  const group = file.groups.find(({ rows }) => rows > 0)
  const chunk = group?.chunks[index]
  if (group === undefined || chunk === undefined) return { kind: 'cells', column }
  if (column.repetitionMax > 0) {
    const cursor = new ColumnCursor(random, chunk, column)
    const { values, levels } = await cursor.list()
    await cursor.close()
    const shape = shapeOf(levels, column.repetitionMax)
    if (shape === null || column.type === 'bytes' || column.type === 'fixed' || values.includes(null)) {
      throw invalidData(name, {
        code: 'unsupported_column',
        what: 'lists of texts, of missing values, or of unequal lengths',
        column: column.name,
        hint: 'Leave the column out, or give every row a list of numbers of the same shape.',
      })
    }
    return { kind: 'list', column, pattern: levels, asPixels: column.isByte && (shape.length === 2 || shape.length === 3) }
  }
  if (column.type !== 'bytes' || column.meaning.kind === 'text') return { kind: 'cells', column }
  const rows = Math.min(64, group.rows)
  const cursor = new ColumnCursor(random, chunk, column)
  const first = await cursor.values(rows)
  await cursor.close()
  const pictures = first.filter((value) => value instanceof Uint8Array && !('refused' in readImageHeader(value)))
  if (pictures.length === 0) return { kind: 'cells', column }
  async function* packed(): AsyncGenerator<PackedImage> {
    for (const [row, value] of first.entries()) if (value instanceof Uint8Array) yield { name: `row ${row + 1}`, bytes: value }
  }
  return { kind: 'image', column, shape: await findImageShape(packed(), options, limits, name) }
}

/** Sizes of nested lists, or null where they are not rectangular. */
function shapeOf(levels: readonly number[], depth: number): number[] | null {
  const shape: number[] = []
  let outer = 1
  for (let level = 1; level <= depth; level++) {
    const count = levels.filter((other) => other <= level).length
    if (count % outer !== 0) return null
    shape.push(count / outer)
    outer = count
  }
  const inner = shape.map((_, axis) => shape.slice(axis).reduce((product, size) => product * size, 1))
  const isRectangular = levels.every(
    (level, i) => level === (i === 0 ? 0 : 1 + inner.findIndex((_, axis) => i % (inner[axis + 1] ?? 1) === 0)),
  )
  return isRectangular ? shape : null
}

function describe(plan: Plan): SourceColumn {
  const { name } = plan.column
  if (plan.kind === 'cells') return { kind: 'cells', name, role: null }
  if (plan.kind === 'image') {
    const { channels, height, width } = plan.shape
    const short = name.endsWith(IMAGE_BYTES_SUFFIX) ? name.slice(0, -IMAGE_BYTES_SUFFIX.length) : name
    return { kind: 'tensor', name: short, role: 'input', dtype: 'uint8', shape: [channels, height, width] }
  }
  const shape = shapeOf(plan.pattern, plan.column.repetitionMax) ?? []
  return plan.asPixels
    ? { kind: 'tensor', name, role: 'input', dtype: 'uint8', shape: shape.length === 2 ? [1, ...shape] : shape }
    : { kind: 'tensor', name, role: null, dtype: 'float32', shape }
}

function parquetRows(
  source: DataSource,
  file: ParquetFile,
  plans: readonly Plan[],
  columns: readonly SourceColumn[],
  limits: PrepareLimits,
): RowSource {
  const rowBytes = columns.reduce((sum, column) => sum + (column.kind === 'cells' ? 64 : 4 * sizeOf(column)), 0)
  const rowsPerBatch = Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_BYTES / rowBytes)))
  return {
    columns,
    rowCount: file.rows,
    async *read({ onProblem, from, signal }: ReadRequest): AsyncGenerator<RowBatch> {
      const random = await source.openRandom()
      let before = 0
      const skipRows = from?.[0] ?? 0
      try {
        for (const group of file.groups) {
          const cursors = group.chunks.map((chunk, i) => new ColumnCursor(random, chunk, (plans[i] as Plan).column))
          for (let row = 0; row < group.rows; row += rowsPerBatch) {
            signal?.throwIfAborted()
            const rows = Math.min(rowsPerBatch, group.rows - row)
            const first = before + row
            // Positions are borders of batches. Rows before one are decoded and dropped, but whole groups before it are not touched.
            if (before + group.rows <= skipRows) break
            const problems: RowProblem[] = []
            const taken = []
            for (const [i, plan] of plans.entries()) taken.push(await takeColumn(plan, cursors[i] as ColumnCursor, rows, limits, problems))
            if (first + rows <= skipRows) continue
            for (const { at, ...problem } of problems) onProblem({ ...problem, row: first + at + 1 })
            const bad = new Set(problems.map(({ at }) => at))
            const good = Array.from({ length: rows }, (_, at) => at).filter((at) => !bad.has(at))
            if (good.length === 0) continue
            yield {
              rows: good.length,
              file: source.name,
              columns: good.length === rows ? taken : taken.map((values) => only(values, good, rows)),
              rowNumber: (at) => first + (good[at] as number) + 1,
              next: [first + rows],
            }
          }
          before += group.rows
        }
      } catch (error) {
        throw asDamaged(source.name, error)
      } finally {
        await random.close()
      }
    },
  }
}

async function takeColumn(
  plan: Plan,
  cursor: ColumnCursor,
  rows: number,
  limits: PrepareLimits,
  problems: RowProblem[],
): Promise<CellValues | TensorValues> {
  if (plan.kind === 'cells') return cellsOf(await cursor.values(rows), plan.column)
  return plan.kind === 'list'
    ? await takeLists(plan, cursor, rows, problems)
    : await takeImages(plan, await cursor.values(rows), limits, problems)
}

async function takeLists(
  plan: Extract<Plan, { kind: 'list' }>,
  cursor: ColumnCursor,
  rows: number,
  problems: RowProblem[],
): Promise<TensorValues> {
  const size = plan.pattern.length
  const data = plan.asPixels ? new Uint8Array(rows * size) : new Float32Array(rows * size)
  for (let at = 0; at < rows; at++) {
    const list = await cursor.list()
    const values = fitting(list, plan.pattern)
    if (values !== null) data.set(values, at * size)
    else {
      const hint = 'Give every row a list of numbers of the same shape.'
      const example = `${list.values.length} values`
      problems.push({
        at,
        code: 'wrong_shape',
        what: 'lists of another shape than in the first row, or with gaps',
        column: plan.column.name,
        example,
        hint,
      })
    }
  }
  return { kind: 'tensor', data }
}

function fitting({ values, levels }: RawList, pattern: readonly number[]): number[] | null {
  if (levels.length !== pattern.length || levels.some((level, i) => level !== pattern[i])) return null
  return values.every((value) => typeof value === 'number') ? (values as number[]) : null
}

async function takeImages(
  { shape, column }: Extract<Plan, { kind: 'image' }>,
  raw: readonly RawValue[],
  limits: PrepareLimits,
  problems: RowProblem[],
): Promise<TensorValues> {
  const size = shape.channels * shape.height * shape.width
  const data = new Uint8Array(raw.length * size)
  for (let first = 0; first < raw.length; first += CONCURRENCY) {
    const values = raw.slice(first, first + CONCURRENCY)
    const images = await Promise.all(
      values.map(async (value) => (value instanceof Uint8Array ? await decodeImage(value, shape, limits) : null)),
    )
    for (const [i, image] of images.entries()) {
      const at = first + i
      if (image instanceof Uint8Array) data.set(image, at * size)
      else if (image !== null) problems.push({ at, column: column.name, ...image })
      else problems.push({ at, column: column.name, code: 'undecodable_image', what: 'rows without an image', hint: 'Remove the rows.' })
    }
  }
  return { kind: 'tensor', data }
}

/** The rows at these places. */
function only(values: CellValues | TensorValues, good: readonly number[], rows: number): CellValues | TensorValues {
  if (values.kind === 'cells') {
    return {
      kind: 'cells',
      numbers: Float64Array.from(good, (at) => values.numbers[at] as number),
      states: Uint8Array.from(good, (at) => values.states[at] as number),
      text: (row) => values.text(good[row] as number),
    }
  }
  const size = values.data.length / rows
  for (const [to, at] of good.entries()) values.data.copyWithin(to * size, at * size, (at + 1) * size)
  return { kind: 'tensor', data: values.data.subarray(0, good.length * size) }
}

function sizeOf(column: Extract<SourceColumn, { kind: 'tensor' }>): number {
  return column.shape.reduce((product, size) => product * size, 1)
}

/** What the decoder finds wrong is a mistake of the file, not of ours. */
function asDamaged(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TrainyardError || error.name === 'AbortError') return error
  return damagedParquet(name, error.message)
}
