// Pages as they are packed: the result never has more bytes than the page declares, and that is bounded by the caller.

import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { decompress as unzstd } from 'fzstd'
import type { Codec } from './metadata.ts'

/** Windows of zstd up to this are decoded whatever the page's size; the format recommends to support 8 MB (RFC 8878, 3.1.1.1.2). */
const ZSTD_WINDOW_MAX = 8 << 20

type Decompress = (packed: Uint8Array, bytes: number) => Uint8Array

/** null: not read. What the deprecated code for LZ4 means differs from writer to writer. */
const DECOMPRESS: { readonly [C in Codec]: Decompress | null } = {
  none: (packed) => packed,
  snappy,
  gzip: (packed, bytes) => gunzipSync(packed, { maxOutputLength: Math.max(1, bytes) }),
  brotli: (packed, bytes) => brotliDecompressSync(packed, { maxOutputLength: Math.max(1, bytes) }),
  zstd,
  lzo: null,
  lz4: null,
  lz4_raw: lz4,
}

/** @throws Error for anything that is not `bytes` bytes in this packing */
export function decompressPage(packed: Uint8Array, codec: Codec, bytes: number): Uint8Array {
  const decompress = DECOMPRESS[codec]
  if (decompress === null) throw new Error(`compression ${codec}; expected snappy, gzip, zstd, brotli, lz4_raw or none`)
  const result = bytes === 0 && packed.length === 0 ? packed : decompress(packed, bytes)
  if (result.length !== bytes) throw new Error(`a page of ${result.length} bytes that declares ${bytes}`)
  return result
}

/** Format: https://github.com/google/snappy/blob/main/format_description.txt */
function snappy(packed: Uint8Array, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes)
  const bad = () => new Error('damaged snappy data')
  let at = 0
  while ((packed[at] ?? 0) >= 0x80) at++
  at++
  let filled = 0
  const number = (size: number): number => {
    let value = 0
    for (let i = 0; i < size; i++) value += (packed[at++] ?? 0) * 256 ** i
    return value
  }
  while (at < packed.length) {
    const tag = packed[at++] as number
    if ((tag & 3) === 0) {
      const code = tag >> 2
      const length = 1 + (code < 60 ? code : number(code - 59))
      if (at + length > packed.length || filled + length > bytes) throw bad()
      result.set(packed.subarray(at, at + length), filled)
      at += length
      filled += length
      continue
    }
    const length = (tag & 3) === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
    const offset = (tag & 3) === 1 ? ((tag >> 5) << 8) + number(1) : number((tag & 3) === 2 ? 2 : 4)
    if (offset === 0 || offset > filled || filled + length > bytes) throw bad()
    for (let i = 0; i < length; i++, filled++) result[filled] = result[filled - offset] as number
  }
  if (filled !== bytes) throw bad()
  return result
}

/** One block. Format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function lz4(packed: Uint8Array, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes)
  const bad = () => new Error('damaged lz4 data')
  let at = 0
  let filled = 0
  const length = (code: number): number => {
    let value = code
    for (let byte = code === 15 ? 255 : 0; byte === 255; value += byte) {
      byte = packed[at++] ?? -1
      if (byte < 0) throw bad()
    }
    return value
  }
  while (at < packed.length) {
    const token = packed[at++] as number
    const literals = length(token >> 4)
    if (literals > packed.length - at || literals > bytes - filled) throw bad()
    result.set(packed.subarray(at, at + literals), filled)
    at += literals
    filled += literals
    // The last sequence has no match.
    if (at === packed.length) break
    const offset = (packed[at] as number) + 256 * (packed[at + 1] ?? 256)
    at += 2
    const matched = 4 + length(token & 15)
    if (offset === 0 || offset > filled || matched > bytes - filled) throw bad()
    // A match may run into what it writes.
    for (let i = 0; i < matched; i++, filled++) result[filled] = result[filled - offset] as number
  }
  if (filled !== bytes) throw bad()
  return result
}

function zstd(packed: Uint8Array, bytes: number): Uint8Array {
  if (zstdWindow(packed) > Math.max(bytes, ZSTD_WINDOW_MAX)) throw new Error('a zstd window larger than the page')
  return unzstd(packed, new Uint8Array(bytes))
}

/** What a decoder would set aside for the first frame (RFC 8878, 3.1.1.1). */
function zstdWindow(packed: Uint8Array): number {
  if (packed.length < 6) throw new Error('damaged zstd data')
  const descriptor = packed[4] as number
  const isSingle = (descriptor & 0x20) !== 0
  if (!isSingle) {
    const window = packed[5] as number
    const base = 2 ** (10 + (window >> 3))
    return base + (base / 8) * (window & 7)
  }
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const sizeBytes = [1, 2, 4, 8][descriptor >> 6] ?? 1
  let size = 0
  for (let i = 0; i < sizeBytes; i++) size += (packed[5 + dictionaryBytes + i] ?? 0) * 256 ** i
  return size
}
