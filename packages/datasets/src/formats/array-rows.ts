// Arrays whose first dimension is the rows (IDX, NPY, NPZ, safetensors), as one row source: several arrays are read side by side.

import type { PrepareLimits } from '../limits.ts'
import { invalidData } from '../problems.ts'
import type { ByteReader } from './byte-reader.ts'
import { convertElements, ELEMENT_BYTES, type ElementType } from './element-types.ts'
import {
  type CellValues,
  type ColumnRole,
  numberCells,
  type ReadRequest,
  type RowBatch,
  type RowSource,
  type SourceColumn,
  type TensorValues,
} from './row-source.ts'

export interface StoredArray {
  /** Name of the uploaded file, for texts. */
  readonly file: string
  readonly name: string
  readonly role: ColumnRole | null
  readonly type: ElementType
  readonly littleEndian: boolean
  readonly rows: number
  /** Sizes after the first. */
  readonly rowShape: readonly number[]
  /** Bytes of the elements as the file's size tells; null where only reading tells. */
  readonly bytesPresent: number | null
  /** How three sizes of uint8 are meant. Default: channels first. */
  readonly pixelOrder?: 'channels_first' | 'channels_last'
  /** The elements' bytes, row by row, from this row to the last; counts are checked by the reader of rows. */
  open(fromRow: number, signal: AbortSignal | undefined): Promise<ByteReader>
}

/** Rows are handed out in batches of about this many bytes. */
const BATCH_BYTES = 1 << 20

/**
 * Checks sizes before anything is allocated: shape × item size per row, rows, and that all arrays have the same number of rows.
 * @param arrays at least one
 * @throws TrainyardError `invalid_data`
 */
export function arrayRows(arrays: readonly StoredArray[], limits: PrepareLimits): RowSource {
  const [first] = arrays
  if (first === undefined) throw new Error('arrayRows needs an array')
  for (const array of arrays) {
    checkSizes(array, limits)
    if (array.rows !== first.rows) throw unequalRows(first, array)
  }
  const columns = arrays.map(columnOf)
  const bytes = arrays.map(rowBytes)
  const rowsPerBatch = Math.max(1, Math.floor(BATCH_BYTES / bytes.reduce((sum, size) => sum + size, 0)))
  return {
    columns,
    rowCount: first.rows,
    async *read({ from, signal }: ReadRequest): AsyncGenerator<RowBatch> {
      const start = from?.[0] ?? 0
      const readers: ByteReader[] = []
      try {
        for (const array of arrays) readers.push(await array.open(start, signal))
        const rowsMax = Math.min(rowsPerBatch, first.rows)
        const blocks = bytes.map((size) => new Uint8Array(size * rowsMax))
        for (let row = start; row < first.rows; row += rowsMax) {
          const rows = Math.min(rowsMax, first.rows - row)
          const values: (CellValues | TensorValues)[] = []
          for (const [i, array] of arrays.entries()) {
            const size = bytes[i] as number
            const block = (blocks[i] as Uint8Array).subarray(0, rows * size)
            const got = await (readers[i] as ByteReader).readInto(block)
            if (got < block.length) throw wrongSize(array, `${row * size + got} are present`)
            values.push(valuesOf(array, columns[i] as SourceColumn, block, rows))
          }
          yield { rows, file: first.file, columns: values, rowNumber: (r) => row + r + 1, next: [row + rows] }
        }
        for (const [i, reader] of readers.entries()) {
          if ((await reader.peek(1)).length > 0) throw wrongSize(arrays[i] as StoredArray, 'more are present')
        }
      } finally {
        for (const reader of readers) await reader.close()
      }
    },
  }
}

export function rowBytes({ type, rowShape }: StoredArray): number {
  return rowShape.reduce((product, size) => product * size, ELEMENT_BYTES[type])
}

export function describeArray({ type, rows, rowShape }: StoredArray): string {
  return `${[rows, ...rowShape].join(' × ')} elements of ${type}`
}

export function wrongSize(array: StoredArray, present: string) {
  return invalidData(array.file, {
    code: 'wrong_size',
    what: `the header declares ${describeArray(array)} = ${array.rows * rowBytes(array)} bytes, but ${present}`,
    hint: 'The file is cut off, or its header is wrong: transfer or write it again.',
  })
}

/**
 * Before anything is allocated by what a header claims.
 * @throws TrainyardError `invalid_data`
 */
export function checkSizes(array: StoredArray, limits: PrepareLimits): void {
  const bad = (code: string, what: string, hint: string) =>
    invalidData(array.file, { code, what: `the header declares ${describeArray(array)}; ${what}`, hint })
  if ([array.rows, ...array.rowShape].some((size) => size === 0)) {
    throw bad('bad_shape', 'expected no size of 0', 'Write the array again, with rows in it.')
  }
  if (rowBytes(array) > limits.sampleBytesMax) {
    throw bad(
      'row_too_large',
      `expected at most ${limits.sampleBytesMax} bytes per row`,
      'Make the samples smaller, or cut them into several.',
    )
  }
  if (array.rows > limits.rowsMax) {
    throw bad('too_many_rows', `expected at most ${limits.rowsMax} rows`, 'Split the data, or ask the operator for a higher limit.')
  }
  if (array.bytesPresent !== null && array.bytesPresent !== array.rows * rowBytes(array)) {
    throw wrongSize(array, `${array.bytesPresent} are present`)
  }
}

function unequalRows(a: StoredArray, b: StoredArray) {
  return invalidData(b.file, {
    code: 'unequal_rows',
    what: `array "${b.name}" has ${b.rows} rows, but "${a.name}" has ${a.rows}`,
    hint: 'Give all arrays the same first dimension, or name splits as x_train, y_train, x_test, y_test.',
  })
}

/** [n, H, W] of uint8 is grey pictures, [n, C, H, W] has channels; one number per row is a cell. */
function columnOf({ name, role, type, rowShape, pixelOrder }: StoredArray): SourceColumn {
  if (rowShape.length === 0) return { kind: 'cells', name, role }
  const [a, b, c] = rowShape
  if (type === 'uint8' && a !== undefined && b !== undefined && rowShape.length <= 3) {
    if (c === undefined) return { kind: 'tensor', name, role, dtype: 'uint8', shape: [1, a, b] }
    return { kind: 'tensor', name, role, dtype: 'uint8', shape: pixelOrder === 'channels_last' ? [c, a, b] : [a, b, c] }
  }
  return { kind: 'tensor', name, role, dtype: 'float32', shape: rowShape }
}

function valuesOf(array: StoredArray, column: SourceColumn, block: Uint8Array, rows: number): CellValues | TensorValues {
  const count = block.length / ELEMENT_BYTES[array.type]
  if (column.kind === 'cells') {
    const numbers = new Float64Array(count)
    convertElements(block, array.type, array.littleEndian, numbers)
    return numberCells(numbers)
  }
  if (column.dtype === 'float32') {
    const data = new Float32Array(count)
    convertElements(block, array.type, array.littleEndian, data)
    return { kind: 'tensor', data }
  }
  const isLast = array.pixelOrder === 'channels_last' && array.rowShape.length === 3 && array.rowShape[2] !== 1
  return { kind: 'tensor', data: isLast ? channelsFirst(block, rows, column.shape) : block }
}

/** [n, H, W, C] → [n, C, H, W] */
export function channelsFirst(pixels: Uint8Array, rows: number, [channels = 1, height = 1, width = 1]: readonly number[]): Uint8Array {
  const plane = height * width
  const result = new Uint8Array(pixels.length)
  let from = 0
  for (let row = 0; row < rows; row++) {
    const base = row * plane * channels
    for (let i = 0; i < plane; i++) {
      for (let channel = 0; channel < channels; channel++) result[base + channel * plane + i] = pixels[from++] as number
    }
  }
  return result
}
