// Typed doors to the library's C functions. Pointers are BigInts, buffers and arrays pass by address.

import type { LibraryHandle } from 'koffi'

/** An argument that is a pointer: an address, a buffer, or NULL. */
export type Pointer = bigint | Uint8Array | BigInt64Array | BigUint64Array | Int32Array | Float32Array | null

type Argument = Pointer | number

const TYPES = { p: 'void *', i: 'int', u: 'unsigned int', f: 'float', z: 'size_t' } as const

export type Signature = string

/** A C function that returns dnnl_status_t. `signature` has one letter per argument: p pointer, i int, u unsigned, f float, z size_t. */
export function statusFunction(library: LibraryHandle, name: string, signature: Signature): (...values: Argument[]) => number {
  return library.func(name, 'int', argumentTypes(signature))
}

/** A C function that returns a pointer; NULL is null. */
export function pointerFunction(library: LibraryHandle, name: string, signature: Signature): (...values: Argument[]) => bigint | null {
  return library.func(name, 'void *', argumentTypes(signature))
}

/** A C function that returns a size. */
export function sizeFunction(library: LibraryHandle, name: string, signature: Signature): (...values: Argument[]) => number {
  return library.func(name, 'size_t', argumentTypes(signature))
}

function argumentTypes(signature: Signature): string[] {
  return [...signature].map((letter) => {
    const type = TYPES[letter as keyof typeof TYPES]
    if (type === undefined) throw new RangeError(`unknown argument letter "${letter}" in "${signature}"`)
    return type
  })
}

/** A place for a returned pointer. */
export function pointerSlot(): BigUint64Array {
  return new BigUint64Array(new ArrayBuffer(8))
}

/** dnnl_dims_t: 12 64-bit integers. */
export function dimensionArray(values: readonly number[]): BigInt64Array {
  const dimensions = new BigInt64Array(new ArrayBuffer(12 * 8))
  values.forEach((value, index) => {
    dimensions[index] = BigInt(value)
  })
  return dimensions
}
