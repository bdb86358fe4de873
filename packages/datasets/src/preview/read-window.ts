// Some neighbouring rows of a split, by ranged reads of its shards: nothing else of them is fetched.

import type { DatasetManifest } from '@trainyard/contracts'
import { headerExtent, LENGTH_BYTES, parseHeader } from '@trainyard/engine/safetensors'

/** Bytes [start, end] of an object. */
export type ReadRange = (key: string, start: number, end: number) => Promise<Uint8Array>

export interface RowWindow {
  readonly rows: number
  /** [rows × sample] */
  readonly samples: Uint8Array | Float32Array
  /** [rows × size] as stored; null without a target. */
  readonly targets: Int32Array | Float32Array | Uint8Array | null
}

/** @param split of the manifest @returns fewer rows at the end of the split */
export async function readWindow(
  manifest: DatasetManifest,
  split: string,
  offset: number,
  limit: number,
  read: ReadRange,
): Promise<RowWindow> {
  const samples: Uint8Array[] = []
  const targets: Uint8Array[] = []
  let rows = 0
  let first = 0
  for (const shard of manifest.splits[split]?.shards ?? []) {
    const from = Math.max(offset, first) - first
    const to = Math.min(offset + limit, first + shard.rows) - first
    first += shard.rows
    if (from >= to) continue
    const length = await read(shard.key, 0, LENGTH_BYTES - 1)
    const header = parseHeader(await read(shard.key, 0, headerExtent(length, shard.bytes) - 1), { fileBytes: shard.bytes })
    for (const [name, into] of [
      ['x', samples],
      ['y', targets],
    ] as const) {
      const tensor = header.tensors.get(name)
      if (tensor === undefined) continue
      const rowBytes = tensor.bytes / shard.rows
      into.push(await read(shard.key, tensor.offset + from * rowBytes, tensor.offset + to * rowBytes - 1))
    }
    rows += to - from
  }
  return {
    rows,
    samples: manifest.input.kind === 'image' ? Buffer.concat(samples) : floats(samples),
    targets: TARGETS[manifest.target.kind](targets),
  }
}

const TARGETS = {
  class: (parts: readonly Uint8Array[]) => new Int32Array(aligned(parts)),
  value: (parts: readonly Uint8Array[]) => new Float32Array(aligned(parts)),
  multi_label: (parts: readonly Uint8Array[]) => new Uint8Array(aligned(parts)),
  none: () => null,
} as const

function floats(parts: readonly Uint8Array[]): Float32Array {
  return new Float32Array(aligned(parts))
}

/** A buffer of its own, which begins where numbers may. */
function aligned(parts: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes.buffer
}
