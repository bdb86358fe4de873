// Writes the rows of one split into safetensors shards of bounded size, and digests the split's content on the way.

import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Shard } from '@trainyard/contracts'
import { encode, parseHeader, type TensorData } from '@trainyard/engine/safetensors'
import type { KeptFile } from './resume/progress-keeper.ts'

export interface ShardFile extends Shard {
  readonly path: string
}

/** I32 [n]: class indices. F32 [n, size]: values. U8 [n, size]: 0 or 1 for each label. null: no target. */
export interface TargetLayout {
  readonly type: 'I32' | 'F32' | 'U8' | null
  /** Numbers per row; 0 without a target. */
  readonly size: number
}

export type TargetArray = Int32Array | Float32Array | Uint8Array

export interface ShardLayout {
  readonly split: string
  /** How many rows will come; sizes the buffers of small splits. */
  readonly rows: number
  readonly sampleShape: readonly number[]
  readonly sampleType: 'U8' | 'F32'
  readonly target: TargetLayout
  readonly outDir: string
  /** Keys are `<prefix><sha256>.safetensors`: a shard that is there already is not stored again. */
  readonly keyPrefix: string
  readonly shardBytesMax: number
}

export interface WrittenSplit {
  readonly rows: number
  readonly files: readonly ShardFile[]
  /** sha256 over all samples and over all targets, in order, as stored: independent of the size of shards. */
  readonly samplesDigest: string
  readonly targetsDigest: string
}

export class ShardWriter {
  readonly #layout: ShardLayout
  readonly #sampleSize: number
  readonly #targetSize: number
  readonly #samples: Uint8Array | Float32Array
  readonly #targets: TargetArray
  readonly #samplesHash = createHash('sha256')
  readonly #targetsHash = createHash('sha256')
  readonly #files: ShardFile[] = []
  #buffered = 0
  #rows = 0

  constructor(layout: ShardLayout) {
    this.#layout = layout
    this.#sampleSize = layout.sampleShape.reduce((product, size) => product * size, 1)
    this.#targetSize = layout.target.size
    const targetBytes = this.#targetSize * (layout.target.type === 'U8' ? 1 : 4)
    const rowBytes = this.#sampleSize * (layout.sampleType === 'U8' ? 1 : 4) + targetBytes
    const rows = Math.min(layout.rows, Math.max(1, Math.floor(layout.shardBytesMax / rowBytes)))
    this.#samples = layout.sampleType === 'U8' ? new Uint8Array(rows * this.#sampleSize) : new Float32Array(rows * this.#sampleSize)
    this.#targets = newTargets(layout.target.type, rows * this.#targetSize)
  }

  /** Row `row` of these arrays. */
  append(samples: Uint8Array | Float32Array, targets: TargetArray, row: number): void {
    copyRow(samples, row, this.#samples, this.#buffered, this.#sampleSize)
    copyRow(targets, row, this.#targets, this.#buffered, this.#targetSize)
    this.#buffered++
    if (this.#buffered * this.#sampleSize === this.#samples.length) this.#flush()
  }

  finish(): WrittenSplit {
    if (this.#buffered > 0) this.#flush()
    return {
      rows: this.#rows,
      files: this.#files,
      samplesDigest: this.#samplesHash.digest('hex'),
      targetsDigest: this.#targetsHash.digest('hex'),
    }
  }

  /** Complete shards, for a later attempt. */
  get keptFiles(): readonly KeptFile[] {
    return this.#files.map(({ path }) => ({ name: basename(path), path }))
  }

  snapshot() {
    return {
      files: this.#files.map(({ path, key, bytes, sha256, rows }) => ({ name: basename(path), key, bytes, sha256, rows })),
      samples: this.#samples.subarray(0, this.#buffered * this.#sampleSize),
      targets: this.#targets.subarray(0, this.#buffered * this.#targetSize),
      buffered: this.#buffered,
      rows: this.#rows,
    }
  }

  /** Shards of the attempt before are read again for the digests, and copied: what happens to theirs then does not matter. */
  restore({ files, samples, targets, buffered, rows }: ReturnType<ShardWriter['snapshot']>, pathOf: (name: string) => string): void {
    for (const { name, ...shard } of files) {
      const content = readFileSync(pathOf(name))
      const { tensors } = parseHeader(content)
      for (const [tensor, hash] of [['x', this.#samplesHash] as const, ['y', this.#targetsHash] as const]) {
        const entry = tensors.get(tensor)
        if (entry !== undefined) hash.update(content.subarray(entry.offset, entry.offset + entry.bytes))
      }
      const path = join(this.#layout.outDir, name)
      writeFileSync(path, content, { mode: 0o600 })
      this.#files.push({ path, ...shard })
    }
    this.#samples.set(samples)
    this.#targets.set(targets)
    this.#buffered = buffered
    this.#rows = rows
  }

  #flush(): void {
    const rows = this.#buffered
    const { split, sampleShape, sampleType, target, outDir, keyPrefix } = this.#layout
    const x = this.#samples.subarray(0, rows * this.#sampleSize)
    const y = this.#targets.subarray(0, rows * this.#targetSize)
    const { bytes, chunks } = encode(
      new Map<string, TensorData>([
        ['x', { dtype: sampleType, shape: [rows, ...sampleShape], data: x }],
        ...(target.type === null
          ? []
          : [['y', { dtype: target.type, shape: target.type === 'I32' ? [rows] : [rows, target.size], data: y }] as const]),
      ]),
    )
    const name = `${split}-${String(this.#files.length).padStart(5, '0')}.safetensors`
    const path = join(outDir, name)
    const hash = createHash('sha256')
    const file = openSync(path, 'w')
    try {
      for (const chunk of chunks) {
        hash.update(chunk)
        for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written)
      }
    } finally {
      closeSync(file)
    }
    this.#samplesHash.update(x)
    this.#targetsHash.update(y)
    const sha256 = hash.digest('hex')
    this.#files.push({ path, key: `${keyPrefix}${sha256}.safetensors`, bytes, sha256, rows })
    this.#rows += rows
    this.#buffered = 0
  }
}

export function newTargets(type: TargetLayout['type'], length: number): TargetArray {
  if (type === 'I32') return new Int32Array(length)
  return type === 'F32' ? new Float32Array(length) : new Uint8Array(length)
}

/** Numbers up to which a loop is faster than a call. */
const LOOP_MAX = 64

function copyRow(from: TargetArray, row: number, into: TargetArray, place: number, size: number): void {
  if (size > LOOP_MAX) into.set(from.subarray(row * size, (row + 1) * size), place * size)
  else for (let i = 0; i < size; i++) into[place * size + i] = from[row * size + i] as number
}
