// The index of a version, read back: the summary whole, the sorted entries in pieces as they come.

import type { RowIndex } from '@trainyard/contracts'
import { headerExtent, LENGTH_BYTES, parseHeader, readTensor } from '@trainyard/engine/safetensors'
import type { Distribution } from '../sketch/quantiles.ts'
import { ENTRY_WORDS } from './entry.ts'

export interface IndexSummary {
  /** Split of each parsed row of the upload, 255 for those that were left out. */
  readonly marks: Uint8Array
  /** Of the columns that are described, then of the targets that are values. */
  readonly distributions: readonly Distribution[]
}

/** @throws SafetensorsError when it is damaged */
export function readSummary(bytes: Uint8Array): IndexSummary {
  const header = parseHeader(bytes)
  const offsets = readTensor(bytes, header, 'offsets', 'I32')
  const values = readTensor(bytes, header, 'values', 'F32')
  const weights = readTensor(bytes, header, 'weights', 'F64')
  const distributions = Array.from({ length: offsets.length - 1 }, (_, i) => ({
    values: values.subarray(offsets[i], offsets[i + 1]),
    weights: weights.subarray(offsets[i], offsets[i + 1]),
  }))
  return { marks: readTensor(bytes, header, 'marks', 'U8'), distributions }
}

/** The bytes of an object, in pieces of any size. */
export type OpenObject = (key: string) => Promise<AsyncIterable<Uint8Array>>

/** Blocks of whole entries in order, each valid until the next one is asked for. */
export async function* readEntries({ identity, rows }: RowIndex, open: OpenObject): AsyncGenerator<Uint32Array> {
  const entryBytes = ENTRY_WORDS[identity] * 4
  for (const file of rows) {
    let pending: Uint8Array = new Uint8Array(0)
    /** Bytes of the header that are still to come; unknown at first. */
    let header: number | null = null
    for await (const piece of await open(file.key)) {
      let bytes = pending.length === 0 ? piece : Buffer.concat([pending, piece])
      pending = new Uint8Array(0)
      if (header === null) {
        if (bytes.length < LENGTH_BYTES) {
          pending = bytes
          continue
        }
        header = headerExtent(bytes, file.bytes)
      }
      const skipped = Math.min(header, bytes.length)
      header -= skipped
      bytes = bytes.subarray(skipped)
      const whole = bytes.length - (bytes.length % entryBytes)
      // A copy begins where numbers may.
      if (whole > 0) yield new Uint32Array(new Uint8Array(bytes.subarray(0, whole)).buffer)
      pending = bytes.subarray(whole)
    }
    if (pending.length > 0) throw new Error(`"${file.key}" ends within an entry`)
  }
}
