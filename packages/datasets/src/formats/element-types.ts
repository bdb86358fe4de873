// Element types of stored arrays, and their conversion: blocks of bytes to float32 or float64 without a function call per element.

/** Type → bytes of one element. */
export const ELEMENT_BYTES = {
  bool: 1,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
} as const

export type ElementType = keyof typeof ELEMENT_BYTES

export function isWholeNumber(type: ElementType): boolean {
  return !type.includes('float')
}

type NumberArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array

/** Bytes of native order and alignment → numbers. */
const VIEWS: { readonly [T in ElementType]: (buffer: ArrayBuffer, count: number) => NumberArray } = {
  bool: (buffer, n) => new Uint8Array(buffer, 0, n).map((value) => (value === 0 ? 0 : 1)),
  uint8: (buffer, n) => new Uint8Array(buffer, 0, n),
  int8: (buffer, n) => new Int8Array(buffer, 0, n),
  uint16: (buffer, n) => new Uint16Array(buffer, 0, n),
  int16: (buffer, n) => new Int16Array(buffer, 0, n),
  uint32: (buffer, n) => new Uint32Array(buffer, 0, n),
  int32: (buffer, n) => new Int32Array(buffer, 0, n),
  uint64: (buffer, n) => Float64Array.from(new BigUint64Array(buffer, 0, n), Number),
  int64: (buffer, n) => Float64Array.from(new BigInt64Array(buffer, 0, n), Number),
  float16: (buffer, n) => Float32Array.from(new Uint16Array(buffer, 0, n), float16),
  bfloat16: (buffer, n) => new Float32Array(Uint32Array.from(new Uint16Array(buffer, 0, n), (bits) => bits << 16).buffer),
  float32: (buffer, n) => new Float32Array(buffer, 0, n),
  float64: (buffer, n) => new Float64Array(buffer, 0, n),
}

/**
 * @param bytes whole elements, at any alignment
 * @param into as many numbers
 */
export function convertElements(bytes: Uint8Array, type: ElementType, littleEndian: boolean, into: Float32Array | Float64Array): void {
  // A copy: aligned, and free to be swapped. Every machine that Node.js supports is little-endian, but for s390x.
  const copy = new Uint8Array(bytes)
  const size = ELEMENT_BYTES[type]
  if (!littleEndian && size > 1) {
    const buffer = Buffer.from(copy.buffer)
    if (size === 2) buffer.swap16()
    else if (size === 4) buffer.swap32()
    else buffer.swap64()
  }
  into.set(VIEWS[type](copy.buffer, bytes.length / size))
}

/** IEEE 754 binary16. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
