// The element types of the safetensors format and how they are read in JavaScript.

/** Type → bytes of one element. The names are the format's own. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const

export type Dtype = keyof typeof DTYPE_BYTES

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPE_BYTES, name)
}

/** Types that have an array type of their own in JavaScript and that we store. */
export interface DtypeArrays {
  readonly U8: Uint8Array
  readonly I32: Int32Array
  readonly F32: Float32Array
  readonly F64: Float64Array
}

export type ArrayDtype = keyof DtypeArrays
