// The state of a preparation as a safetensors file: numbers as tensors, all else as JSON that names them. Written by one attempt of a run, read
// by the next; arrays are read one by one, so that memory holds no second copy.

import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { encode, headerExtent, LENGTH_BYTES, parseHeader, type TensorData, type TensorEntry } from '@trainyard/engine/safetensors'

/** Raised when a state changes its meaning: older ones are not read, the preparation starts anew. */
export const SNAPSHOT_FORMAT = '3'
const JSON_TENSOR = 'json'

export type SnapshotArray = Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array
export type Snapshot =
  | null
  | boolean
  | number
  | string
  | undefined
  | SnapshotArray
  | readonly Snapshot[]
  | { readonly [key: string]: Snapshot }

const ARRAYS = { U8: Uint8Array, I32: Int32Array, U32: Uint32Array, F32: Float32Array, F64: Float64Array } as const
type ArrayType = keyof typeof ARRAYS

/** @param state plain data; keys are names in the code, never what users named */
export function writeSnapshot(path: string, state: Snapshot): void {
  const tensors = new Map<string, TensorData>()
  const plain = toPlain(state, tensors)
  const json = Buffer.from(JSON.stringify(plain))
  tensors.set(JSON_TENSOR, { dtype: 'U8', shape: [json.length], data: json })
  const { chunks } = encode(tensors, new Map([['format', SNAPSHOT_FORMAT]]))
  const file = openSync(path, 'w', 0o600)
  try {
    for (const chunk of chunks) for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written)
  } finally {
    closeSync(file)
  }
}

/** @returns null for a state of another version of the software */
export function readSnapshot(path: string): Snapshot | null {
  const file = openSync(path, 'r')
  try {
    const fileBytes = fstatSync(file).size
    const length = readAt(file, 0, new Uint8Array(LENGTH_BYTES))
    const head = readAt(file, 0, new Uint8Array(headerExtent(length, fileBytes)))
    const { tensors, metadata } = parseHeader(head, { fileBytes })
    if (metadata.get('format') !== SNAPSHOT_FORMAT) return null
    const read = (name: string) => {
      const entry = tensors.get(name)
      if (entry === undefined) throw new Error(`the state of the preparation has no "${name}"`)
      return readArray(file, entry)
    }
    return fromPlain(JSON.parse(Buffer.from(read(JSON_TENSOR) as Uint8Array).toString()), read)
  } finally {
    closeSync(file)
  }
}

/** What JSON cannot say: an array by the name of its tensor, or a number without digits. */
type Tagged = { readonly $array: string } | { readonly $number: string }

function toPlain(value: Snapshot, tensors: Map<string, TensorData>): unknown {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: numberText(value) }
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) {
    const name = String(tensors.size)
    tensors.set(name, { dtype: typeOf(value as SnapshotArray), shape: [(value as SnapshotArray).length], data: value as SnapshotArray })
    return { $array: name } satisfies Tagged
  }
  if (Array.isArray(value)) return value.map((item: Snapshot) => toPlain(item, tensors))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item, tensors)]))
}

function fromPlain(value: unknown, read: (name: string) => SnapshotArray): Snapshot {
  if (typeof value !== 'object' || value === null) return value as Snapshot
  if (Array.isArray(value)) return value.map((item) => fromPlain(item, read))
  if ('$array' in value) return read(String(value.$array))
  if ('$number' in value) return Number(value.$number)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item, read)]))
}

const numberText = (value: number) => (Object.is(value, -0) ? '-0' : String(value))

function typeOf(array: SnapshotArray): ArrayType {
  const found = (Object.keys(ARRAYS) as ArrayType[]).find((type) => array instanceof ARRAYS[type])
  if (found === undefined) throw new Error('an array of this type cannot be stored')
  return found
}

function readArray(file: number, { dtype, offset, bytes }: TensorEntry): SnapshotArray {
  const Constructor = ARRAYS[dtype as ArrayType]
  const data = readAt(file, offset, new Uint8Array(bytes))
  return new Constructor(data.buffer, 0, bytes / Constructor.BYTES_PER_ELEMENT)
}

function readAt(file: number, position: number, into: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let read = 0; read < into.length; ) {
    const n = readSync(file, into, read, into.length - read, position + read)
    if (n === 0) throw new Error('the state of the preparation ends early')
    read += n
  }
  return into
}
