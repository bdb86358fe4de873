// Copies chosen rows into a batch: the one loop behind every kind of batch, on whatever thread.

import { closeSync, openSync } from 'node:fs'
import type { FittedTransforms } from '@trainyard/contracts'
import type { Augmentation } from '@trainyard/engine/spec'
import { Augmenter } from '../augment/augmenter.ts'
import { fittedShape } from '../transforms/fitted.ts'
import { createTransformer, type Transformer } from '../transforms/transformer.ts'
import { readFully, type ShardSlice, type SplitRows } from './shard-rows.ts'

interface OpenShard {
  readonly slice: ShardSlice
  readonly samples: Uint8Array | Float32Array | null
  readonly targets: Int32Array | Float32Array | Uint8Array
  /** Open only where rows are read from the file. */
  readonly file: number | null
}

/** What batches are made of, as plain data that can be sent to another thread. */
export interface GatherOptions {
  readonly split: SplitRows
  readonly transforms: FittedTransforms
  /** 'input': the targets are the transformed samples before their corruption. 'both': the labels, and these samples beside them. */
  readonly target: BatchTarget
  readonly augmentation: readonly Augmentation[]
  /** Of the augmentation. */
  readonly seed: number
}

export type BatchTarget = 'label' | 'input' | 'both'

type Targets = Int32Array | Float32Array

/** Where a batch is gathered to. */
export interface BatchArrays {
  readonly samples: Float32Array
  readonly targets: Targets
  readonly originals: Float32Array | undefined
}

/** A sample as the model takes it. */
export function sampleLayout({ transforms }: GatherOptions): { readonly shape: readonly number[]; readonly size: number } {
  const shape = fittedShape(transforms)
  return { shape, size: shape.reduce((product, length) => product * length, 1) }
}

/** Numbers per target, and their type. */
export function targetLayout({ split, target, ...options }: GatherOptions): { readonly size: number; readonly type: 'I32' | 'F32' } {
  if (target === 'input') return { size: sampleLayout({ split, target, ...options }).size, type: 'F32' }
  return { size: split.targetSize, type: split.targetType === 'I32' ? 'I32' : 'F32' }
}

export class Gatherer {
  readonly #options: GatherOptions
  /** Null where samples stay as they are. */
  readonly #augmenter: Augmenter | null
  readonly #transformer: Transformer
  readonly #targetSize: number
  readonly #shards: readonly OpenShard[]
  readonly #firstRows: Float64Array
  /** One raw row from a file, as bytes and as numbers. */
  readonly #rowBytes: Uint8Array
  readonly #row: Uint8Array | Float32Array

  constructor(options: GatherOptions) {
    const { split, transforms, augmentation, seed } = options
    this.#options = options
    const transformer = createTransformer(transforms)
    this.#transformer = transformer
    const { shape, normalizer } = transformer
    this.#augmenter = augmentation.length === 0 ? null : new Augmenter({ list: augmentation, seed, shape, normalizer })
    this.#targetSize = targetLayout(options).size
    this.#firstRows = Float64Array.from(split.shards, ({ firstRow }) => firstRow)
    this.#shards = split.shards.map((slice) => ({
      slice,
      samples: slice.samples === null ? null : split.sampleType === 'U8' ? new Uint8Array(slice.samples) : new Float32Array(slice.samples),
      targets: targetView(split.targetType, slice.targets),
      file: slice.samples === null ? openSync(slice.path, 'r') : null,
    }))
    this.#rowBytes = new Uint8Array(split.sampleSize * (split.sampleType === 'U8' ? 1 : 4))
    this.#row = split.sampleType === 'U8' ? this.#rowBytes : new Float32Array(this.#rowBytes.buffer)
  }

  /**
   * Rows `order[from … to)` of an epoch to the places 0, 1, … of the batch; the places after them repeat these rows in turn, so that
   * statistics over a batch see data only.
   * @param order null: rows in their stored order
   */
  gather(order: Uint32Array | null, epoch: number, from: number, to: number, arrays: BatchArrays): void {
    for (let i = from; i < to; i++) this.#copy(order === null ? i : (order[i] as number), epoch, i - from, arrays)
    repeat(arrays.samples, (to - from) * this.#transformer.size)
    repeat(arrays.targets, (to - from) * this.#targetSize)
    if (arrays.originals !== undefined) repeat(arrays.originals, (to - from) * this.#transformer.size)
  }

  close(): void {
    for (const { file } of this.#shards) if (file !== null) closeSync(file)
  }

  #copy(row: number, epoch: number, place: number, { samples, targets, originals }: BatchArrays): void {
    const { split, target } = this.#options
    const { sampleSize, targetSize } = split
    const shard = this.#shards[this.#shardOf(row)] as OpenShard
    const local = row - shard.slice.firstRow
    const { size } = this.#transformer
    const at = place * size
    if (shard.samples !== null) this.#take(shard.samples, local * sampleSize, epoch, row, samples, at)
    else if (shard.file !== null) {
      readFully(shard.file, this.#rowBytes, shard.slice.sampleOffset + local * this.#rowBytes.length)
      this.#take(this.#row, 0, epoch, row, samples, at)
    }
    if (target === 'input') for (let i = at; i < at + size; i++) targets[i] = samples[i] as number
    else for (let i = 0; i < targetSize; i++) targets[place * targetSize + i] = shard.targets[local * targetSize + i] as number
    if (originals !== undefined) for (let i = at; i < at + size; i++) originals[i] = samples[i] as number
    this.#augmenter?.corrupt(samples, at, epoch, row)
  }

  #take(source: Uint8Array | Float32Array, from: number, epoch: number, row: number, samples: Float32Array, at: number): void {
    const { picture } = this.#transformer
    if (this.#augmenter === null || picture === null) this.#transformer.apply(source, from, samples, at)
    else {
      const { pixels, at: start } = picture(source, from)
      this.#augmenter.augment(pixels, start, epoch, row, samples, at)
    }
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

function targetView(type: SplitRows['targetType'], buffer: SharedArrayBuffer): OpenShard['targets'] {
  if (type === 'I32') return new Int32Array(buffer)
  return type === 'F32' ? new Float32Array(buffer) : new Uint8Array(buffer)
}

/** Fills an array with copies of its first numbers. */
function repeat(values: Targets, filled: number): void {
  for (let done = filled; done < values.length; done += filled) values.copyWithin(done, 0, Math.min(filled, values.length - done))
}
