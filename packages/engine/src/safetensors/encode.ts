// Tensors to the bytes of a file, in chunks: the data is passed through, never copied.

import { DTYPE_BYTES, type Dtype } from './dtype.ts'
import { HEADER_BYTES_MAX, LENGTH_BYTES } from './header.ts'
import { SafetensorsError } from './safetensors-error.ts'

export interface TensorData {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Row-major, little-endian. Length in bytes must fit type and shape. */
  readonly data: ArrayBufferView
}

export interface EncodedFile {
  /** Size of the file. */
  readonly bytes: number
  /** Header first, then one chunk per tensor: views of the given data. */
  readonly chunks: readonly Uint8Array[]
}

/** The data starts at a multiple of this, as in the format's own writer, so that arrays can be views of the file. */
const ALIGNMENT = 8

/**
 * @param tensors in any order; the file has wide elements first, so that every tensor is aligned, and is the same for the same input
 * @throws SafetensorsError when data does not fit its type and shape
 * @example const { chunks } = encode(new Map([['x', { dtype: 'F32', shape: [2], data: new Float32Array([1, 2]) }]]), new Map())
 */
export function encode(tensors: ReadonlyMap<string, TensorData>, metadata: ReadonlyMap<string, string> = new Map()): EncodedFile {
  const ordered = [...tensors].sort(([, a], [, b]) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype])
  const header: [string, unknown][] = []
  if (metadata.size > 0) header.push(['__metadata__', Object.fromEntries(metadata)])
  let end = 0
  for (const [name, { dtype, shape, data }] of ordered) {
    const expected = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype])
    if (name === '__metadata__' || data.byteLength !== expected) {
      throw new SafetensorsError(
        'size_mismatch',
        `tensor "${name}" has ${data.byteLength} bytes; ${dtype} of shape [${shape}] needs ${expected}`,
      )
    }
    header.push([name, { dtype, shape, data_offsets: [end, end + expected] }])
    end += expected
  }
  const json = new TextEncoder().encode(toJson(header))
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT
  if (length > HEADER_BYTES_MAX)
    throw new SafetensorsError('header_too_large', `the header has ${length} bytes; expected at most ${HEADER_BYTES_MAX}`)
  const first = new Uint8Array(LENGTH_BYTES + length).fill(0x20)
  new DataView(first.buffer).setUint32(0, length, true)
  new DataView(first.buffer).setUint32(4, 0, true)
  first.set(json, LENGTH_BYTES)
  const views = ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return { bytes: first.length + end, chunks: [first, ...views] }
}

/** Not JSON.stringify of an object: that would reorder names that look like numbers. */
function toJson(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

/** All chunks in one array, for small files and tests. */
export function concatenate({ bytes, chunks }: EncodedFile): Uint8Array {
  const whole = new Uint8Array(bytes)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}
