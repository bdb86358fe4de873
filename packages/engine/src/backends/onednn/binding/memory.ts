// Memory for kernels: zeroed, 64-byte aligned, outside of the JavaScript heap's moving parts.

import koffi from 'koffi'

/** A native address. */
export type Address = bigint

/** Bytes; one cache line, and the widest vector register. */
export const ALIGNMENT = 64

/** One allocation. `bytes` must stay referenced as long as native code knows `address`. */
export interface NativeMemory {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly address: Address
}

export function allocate(size: number): NativeMemory {
  const buffer = new ArrayBuffer(Math.max(size, 1) + ALIGNMENT)
  const start = koffi.address(new Uint8Array(buffer))
  const offset = (ALIGNMENT - Number(start % BigInt(ALIGNMENT))) % ALIGNMENT
  return { bytes: new Uint8Array(buffer, offset, size), address: start + BigInt(offset) }
}

export function alignUp(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT
}
