// Tensors out of the bytes of a file.

import type { ArrayDtype, DtypeArrays } from './dtype.ts'
import type { SafetensorsHeader } from './header.ts'
import { SafetensorsError } from './safetensors-error.ts'

const CONSTRUCTORS: { readonly [K in ArrayDtype]: new (buffer: ArrayBufferLike, offset: number, length: number) => DtypeArrays[K] } = {
  U8: Uint8Array,
  I32: Int32Array,
  F32: Float32Array,
  F64: Float64Array,
}

/**
 * One tensor as an array: a view of `bytes` where its place allows (multiples of the element size), else a copy.
 * @param bytes the whole file, as given to `parseHeader`
 * @throws SafetensorsError when there is no such tensor or it has another type
 */
export function readTensor<D extends ArrayDtype>(bytes: Uint8Array, header: SafetensorsHeader, name: string, dtype: D): DtypeArrays[D] {
  const entry = header.tensors.get(name)
  if (entry === undefined) throw new SafetensorsError('no_such_tensor', `there is no tensor "${name}"`)
  if (entry.dtype !== dtype) throw new SafetensorsError('unknown_dtype', `tensor "${name}" is ${entry.dtype}; expected ${dtype}`)
  if (entry.offset + entry.bytes > bytes.length) {
    throw new SafetensorsError(
      'truncated',
      `tensor "${name}" ends at byte ${entry.offset + entry.bytes}, but only ${bytes.length} were read`,
    )
  }
  const Constructor = CONSTRUCTORS[dtype]
  const width = dtype === 'U8' ? 1 : dtype === 'F64' ? 8 : 4
  const start = bytes.byteOffset + entry.offset
  if (start % width === 0) return new Constructor(bytes.buffer, start, entry.bytes / width)
  return new Constructor(bytes.slice(entry.offset, entry.offset + entry.bytes).buffer, 0, entry.bytes / width)
}
