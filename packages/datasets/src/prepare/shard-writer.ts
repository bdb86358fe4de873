// Writes the rows of one split into safetensors shards of bounded size, and digests the split's content on the way.

import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Shard } from '@trainyard/contracts'
import { encode } from '@trainyard/engine/safetensors'

export interface ShardFile extends Shard {
  readonly path: string
}

export interface ShardLayout {
  readonly split: string
  /** How many rows will come; sizes the buffers of small splits. */
  readonly rows: number
  readonly sampleShape: readonly number[]
  readonly sampleType: 'U8' | 'F32'
  /** null: one class index per row. */
  readonly valueSize: number | null
  readonly outDir: string
  /** Keys are `<prefix><split>-00000.safetensors`. */
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
  readonly #targets: Int32Array | Float32Array
  readonly #samplesHash = createHash('sha256')
  readonly #targetsHash = createHash('sha256')
  readonly #files: ShardFile[] = []
  #buffered = 0
  #rows = 0

  constructor(layout: ShardLayout) {
    this.#layout = layout
    this.#sampleSize = layout.sampleShape.reduce((product, size) => product * size, 1)
    this.#targetSize = layout.valueSize ?? 1
    const rowBytes = this.#sampleSize * (layout.sampleType === 'U8' ? 1 : 4) + this.#targetSize * 4
    const rows = Math.min(layout.rows, Math.max(1, Math.floor(layout.shardBytesMax / rowBytes)))
    this.#samples = layout.sampleType === 'U8' ? new Uint8Array(rows * this.#sampleSize) : new Float32Array(rows * this.#sampleSize)
    this.#targets = layout.valueSize === null ? new Int32Array(rows) : new Float32Array(rows * this.#targetSize)
  }

  append(sample: Uint8Array | Float32Array, target: number): void {
    this.#samples.set(sample, this.#buffered * this.#sampleSize)
    this.#targets[this.#buffered] = target
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

  #flush(): void {
    const rows = this.#buffered
    const { split, sampleShape, sampleType, valueSize, outDir, keyPrefix } = this.#layout
    const x = this.#samples.subarray(0, rows * this.#sampleSize)
    const y = this.#targets.subarray(0, rows * this.#targetSize)
    const { bytes, chunks } = encode(
      new Map([
        ['x', { dtype: sampleType, shape: [rows, ...sampleShape], data: x }],
        ['y', { dtype: valueSize === null ? 'I32' : 'F32', shape: valueSize === null ? [rows] : [rows, valueSize], data: y }],
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
    this.#files.push({ path, key: keyPrefix + name, bytes, sha256: hash.digest('hex'), rows })
    this.#rows += rows
    this.#buffered = 0
  }
}
