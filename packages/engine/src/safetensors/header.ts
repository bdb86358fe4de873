// The header of a safetensors file: read and checked before anything is allocated for its contents.
// Format: https://github.com/huggingface/safetensors#format. 8 bytes little-endian header length N, N bytes of JSON
// {name: {dtype, shape, data_offsets: [begin, end]}, __metadata__?: {text: text}}, then the data, without gaps.

import { DTYPE_BYTES, type Dtype, isDtype } from './dtype.ts'
import { SafetensorsError } from './safetensors-error.ts'

/** Bytes of the length field at the start. */
export const LENGTH_BYTES = 8
/** Largest header, as in the format's own reader (100 MB). */
export const HEADER_BYTES_MAX = 100_000_000
/** Most tensors in one file. ResNet-110 with optimizer state has about 1,500. */
export const TENSORS_MAX = 100_000
/** Most dimensions of one tensor. */
const RANK_MAX = 16

export interface TensorEntry {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Offset of the first byte in the file. */
  readonly offset: number
  readonly bytes: number
}

export interface SafetensorsHeader {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: ReadonlyMap<string, string>
  /** Where the data starts: length field and header. */
  readonly dataOffset: number
  /** Where the data ends: the size of the file. */
  readonly fileBytes: number
}

export interface ParseOptions {
  /** Size of the whole file where `bytes` is only its beginning. Default: `bytes.length`. */
  readonly fileBytes?: number
}

/**
 * How many bytes from the start of the file `parseHeader` needs, from the first eight.
 * @throws SafetensorsError when the length is impossible
 */
export function headerExtent(first: Uint8Array, fileBytes: number): number {
  if (first.length < LENGTH_BYTES || fileBytes < LENGTH_BYTES) {
    throw new SafetensorsError('truncated', `the file has ${Math.min(first.length, fileBytes)} bytes; expected at least ${LENGTH_BYTES}`)
  }
  const view = new DataView(first.buffer, first.byteOffset, LENGTH_BYTES)
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 0x1_0000_0000
  if (length > HEADER_BYTES_MAX) {
    throw new SafetensorsError('header_too_large', `the header claims ${length} bytes; expected at most ${HEADER_BYTES_MAX}`)
  }
  if (LENGTH_BYTES + length > fileBytes) {
    throw new SafetensorsError('truncated', `the header claims ${length} bytes, but the file has ${fileBytes}`)
  }
  return LENGTH_BYTES + length
}

/**
 * Reads and checks the header: sizes, types, and that the tensors cover the data exactly once.
 * @param bytes the file, or at least its first `headerExtent` bytes
 * @throws SafetensorsError for anything that the format does not allow
 * @example const header = parseHeader(bytes); header.tensors.get('model.conv1.weight')?.shape
 */
export function parseHeader(bytes: Uint8Array, { fileBytes = bytes.length }: ParseOptions = {}): SafetensorsHeader {
  const dataOffset = headerExtent(bytes, fileBytes)
  if (dataOffset > bytes.length) {
    throw new SafetensorsError('truncated', `the header ends at byte ${dataOffset}, but only ${bytes.length} bytes were read`)
  }
  const json = parseJson(bytes.subarray(LENGTH_BYTES, dataOffset))
  const { __metadata__: metadata, ...entries } = json
  const names = Object.keys(entries)
  if (names.length > TENSORS_MAX) {
    throw new SafetensorsError('too_many_tensors', `the file has ${names.length} tensors; expected at most ${TENSORS_MAX}`)
  }
  const tensors = names
    .map((name) => [name, parseEntry(name, entries[name], dataOffset)] as const)
    .sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)
  let end = dataOffset
  for (const [name, entry] of tensors) {
    if (entry.offset !== end) {
      const what = entry.offset > end ? 'leaves a gap before it' : 'overlaps the tensor before it'
      throw new SafetensorsError('gap_or_overlap', `tensor "${name}" ${what}: it starts at byte ${entry.offset}, expected ${end}`)
    }
    end += entry.bytes
  }
  if (end !== fileBytes) {
    throw new SafetensorsError(
      end > fileBytes ? 'truncated' : 'size_mismatch',
      `the tensors end at byte ${end}, but the file has ${fileBytes}`,
    )
  }
  return { tensors: new Map(tensors), metadata: parseMetadata(metadata), dataOffset, fileBytes }
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new SafetensorsError('header_not_json', `the header is not JSON in UTF-8: ${cause instanceof Error ? cause.message : cause}`)
  }
  if (!isRecord(value) || bytes[0] !== 0x7b) throw new SafetensorsError('header_not_json', 'the header is no JSON object')
  return value
}

function parseMetadata(value: unknown): ReadonlyMap<string, string> {
  if (value === undefined) return new Map()
  if (!isRecord(value)) throw new SafetensorsError('bad_metadata', '__metadata__ is no object of texts')
  const metadata = new Map<string, string>()
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new SafetensorsError('bad_metadata', `__metadata__ "${key}" is no text`)
    metadata.set(key, text)
  }
  return metadata
}

function parseEntry(name: string, value: unknown, dataOffset: number): TensorEntry {
  if (!isRecord(value)) throw new SafetensorsError('bad_tensor', `tensor "${name}" is no object`)
  const { dtype, shape, data_offsets: offsets, ...unknown } = value
  const [extra] = Object.keys(unknown)
  if (extra !== undefined) throw new SafetensorsError('bad_tensor', `tensor "${name}" has the unknown field "${extra}"`)
  if (typeof dtype !== 'string' || !isDtype(dtype)) {
    throw new SafetensorsError(
      'unknown_dtype',
      `tensor "${name}" has the type ${JSON.stringify(dtype)}; expected one of ${Object.keys(DTYPE_BYTES)}`,
    )
  }
  if (!Array.isArray(shape) || shape.length > RANK_MAX || !shape.every(isSize)) {
    throw new SafetensorsError('bad_shape', `tensor "${name}" has no valid shape; expected at most ${RANK_MAX} whole numbers from 0`)
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new SafetensorsError('bad_offsets', `tensor "${name}" has no valid data_offsets; expected [begin, end]`)
  }
  const [begin, end] = offsets as [number, number]
  const bytes = end - begin
  const expected = shape.reduce<number>((product, size) => product * size, DTYPE_BYTES[dtype])
  if (!Number.isSafeInteger(expected))
    throw new SafetensorsError('bad_shape', `tensor "${name}" of shape [${shape}] is larger than 2^53 bytes`)
  if (bytes !== expected) {
    throw new SafetensorsError('size_mismatch', `tensor "${name}" has ${bytes} bytes; ${dtype} of shape [${shape}] needs ${expected}`)
  }
  return { dtype, shape: shape as number[], offset: dataOffset + begin, bytes }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
