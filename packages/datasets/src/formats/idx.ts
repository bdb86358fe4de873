// The IDX format of MNIST (http://yann.lecun.com/exdb/mnist): 0 0 type dimensions, the sizes as 32-bit big-endian numbers, then the elements,
// big-endian, row by row. Read as a stream: nothing is allocated by what the header claims beyond one block of rows.

import type { PrepareLimits } from '../limits.ts'
import { invalidData } from '../problems.ts'
import type { ByteReader } from './byte-reader.ts'

/** Type code → name and bytes of an element. */
const IDX_TYPES = {
  8: { name: 'uint8', bytes: 1 },
  9: { name: 'int8', bytes: 1 },
  11: { name: 'int16', bytes: 2 },
  12: { name: 'int32', bytes: 4 },
  13: { name: 'float32', bytes: 4 },
  14: { name: 'float64', bytes: 8 },
} as const

export type IdxType = (typeof IDX_TYPES)[keyof typeof IDX_TYPES]['name']

/** Most dimensions: rows, channels, height, width. */
const DIMENSIONS_MAX = 4
/** Rows are handed out in blocks of about this many bytes. */
const BLOCK_BYTES = 1 << 18

export interface IdxFile {
  readonly type: IdxType
  readonly rows: number
  /** Sizes after the first. */
  readonly rowShape: readonly number[]
  readonly rowBytes: number
  /**
   * Blocks of whole rows, raw. The array is reused: a block is valid until the next one is asked for.
   * @throws TrainyardError when the file has fewer or more bytes than its header declares
   */
  blocks(): AsyncGenerator<Uint8Array>
}

/** @throws TrainyardError `invalid_data` when the header is impossible */
export async function openIdx(reader: ByteReader, name: string, limits: PrepareLimits): Promise<IdxFile> {
  const bad = (what: string, hint = 'Write the file again; see the description of IDX beside the MNIST data.') =>
    invalidData(name, { code: 'bad_idx', what, hint })
  const magic = Uint8Array.from(await reader.peek(4))
  const type = Object.entries(IDX_TYPES).find(([code]) => Number(code) === magic[2])?.[1]
  const dimensions = magic[3] ?? 0
  if (magic.length < 4 || magic[0] !== 0 || magic[1] !== 0 || type === undefined) throw bad('the file does not begin like an IDX file')
  if (dimensions < 1 || dimensions > DIMENSIONS_MAX) {
    throw bad(`the header declares ${dimensions} dimensions; expected 1 to ${DIMENSIONS_MAX} (rows, channels, height, width)`)
  }
  const header = Buffer.alloc(4 + 4 * dimensions)
  if ((await reader.readInto(header)) < header.length) throw bad(`the file ends within its header of ${header.length} bytes`)
  const sizes = Array.from({ length: dimensions }, (_, i) => header.readUInt32BE(4 + 4 * i))
  const [rows = 0, ...rowShape] = sizes
  const rowBytes = rowShape.reduce((product, size) => product * size, type.bytes)
  const declared = `${sizes.join(' × ')} elements of ${type.name}`
  if (sizes.includes(0)) throw bad(`the header declares ${declared}; expected no size of 0`)
  if (rowBytes > limits.sampleBytesMax) throw bad(`the header declares ${declared}: more than ${limits.sampleBytesMax} bytes per row`)
  if (rows > limits.rowsMax) throw bad(`the header declares ${declared}: more than ${limits.rowsMax} rows`)

  const wrongSize = (present: string) =>
    invalidData(name, {
      code: 'wrong_size',
      what: `the header declares ${declared} = ${rows * rowBytes} bytes, but ${present}`,
      hint: 'The file is cut off, or its header is wrong: transfer or write it again.',
    })
  async function* blocks(): AsyncGenerator<Uint8Array> {
    const rowsPerBlock = Math.min(rows, Math.max(1, Math.floor(BLOCK_BYTES / rowBytes)))
    const block = new Uint8Array(rowsPerBlock * rowBytes)
    for (let row = 0; row < rows; row += rowsPerBlock) {
      const wanted = block.subarray(0, Math.min(rowsPerBlock, rows - row) * rowBytes)
      const got = await reader.readInto(wanted)
      if (got < wanted.length) throw wrongSize(`${row * rowBytes + got} are present`)
      yield wanted
    }
    if ((await reader.peek(1)).length > 0) throw wrongSize('more are present')
  }
  return { type: type.name, rows, rowShape, rowBytes, blocks }
}

/** The elements of a block of an integer type. */
export function idxIntegers(block: Uint8Array, type: 'uint8' | 'int8' | 'int16' | 'int32'): ArrayLike<number> {
  if (type === 'uint8') return block
  if (type === 'int8') return new Int8Array(block.buffer, block.byteOffset, block.length)
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  return type === 'int16'
    ? Int16Array.from({ length: block.length / 2 }, (_, i) => view.getInt16(2 * i))
    : Int32Array.from({ length: block.length / 4 }, (_, i) => view.getInt32(4 * i))
}
