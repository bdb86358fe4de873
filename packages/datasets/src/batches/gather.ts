// Copies chosen rows into a batch: the one loop behind every kind of batch, on whatever thread.

import { closeSync, openSync } from 'node:fs'
import { type Normalizer, normalizeInto } from './normalize.ts'
import { readFully, type ShardSlice, type SplitRows } from './shard-rows.ts'

interface OpenShard {
  readonly slice: ShardSlice
  readonly samples: Uint8Array | Float32Array | null
  readonly targets: Int32Array | Float32Array
  /** Open only where rows are read from the file. */
  readonly file: number | null
}

export class Gatherer {
  readonly #split: SplitRows
  readonly #normalizer: Normalizer
  readonly #shards: readonly OpenShard[]
  readonly #firstRows: Float64Array
  /** One raw row from a file, as bytes and as numbers. */
  readonly #rowBytes: Uint8Array
  readonly #row: Uint8Array | Float32Array

  constructor(split: SplitRows, normalizer: Normalizer) {
    this.#split = split
    this.#normalizer = normalizer
    this.#firstRows = Float64Array.from(split.shards, ({ firstRow }) => firstRow)
    this.#shards = split.shards.map((slice) => ({
      slice,
      samples: slice.samples === null ? null : split.sampleType === 'U8' ? new Uint8Array(slice.samples) : new Float32Array(slice.samples),
      targets: split.targetType === 'I32' ? new Int32Array(slice.targets) : new Float32Array(slice.targets),
      file: slice.samples === null ? openSync(slice.path, 'r') : null,
    }))
    this.#rowBytes = new Uint8Array(split.sampleSize * (split.sampleType === 'U8' ? 1 : 4))
    this.#row = split.sampleType === 'U8' ? this.#rowBytes : new Float32Array(this.#rowBytes.buffer)
  }

  /**
   * Rows `order[from … to)` to the places 0, 1, … of the batch; the places after them are filled with zeros.
   * @param order null: rows in their stored order
   */
  gather(order: Uint32Array | null, from: number, to: number, samples: Float32Array, targets: Int32Array | Float32Array): void {
    const { sampleSize, targetSize } = this.#split
    for (let i = from; i < to; i++) {
      this.#copy(order === null ? i : (order[i] as number), i - from, samples, targets)
    }
    samples.fill(0, (to - from) * sampleSize)
    targets.fill(0, (to - from) * targetSize)
  }

  close(): void {
    for (const { file } of this.#shards) if (file !== null) closeSync(file)
  }

  #copy(row: number, place: number, samples: Float32Array, targets: Int32Array | Float32Array): void {
    const { sampleSize, targetSize } = this.#split
    const shard = this.#shards[this.#shardOf(row)] as OpenShard
    const local = row - shard.slice.firstRow
    if (shard.samples !== null) normalizeInto(this.#normalizer, shard.samples, local * sampleSize, samples, place * sampleSize)
    else if (shard.file !== null) {
      readFully(shard.file, this.#rowBytes, shard.slice.sampleOffset + local * this.#rowBytes.length)
      normalizeInto(this.#normalizer, this.#row, 0, samples, place * sampleSize)
    }
    for (let i = 0; i < targetSize; i++) targets[place * targetSize + i] = shard.targets[local * targetSize + i] as number
  }

  /** The last shard that does not begin after the row. */
  #shardOf(row: number): number {
    let low = 0
    let high = this.#firstRows.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#firstRows[middle] as number) <= row) low = middle
      else high = middle - 1
    }
    return low
  }
}
