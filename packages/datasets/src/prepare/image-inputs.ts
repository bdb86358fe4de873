// Images as they are written: pixels as they are, their statistics, and what looks alike.

import type { DatasetInput } from '@trainyard/contracts'
import type { TensorColumn } from '../formats/row-source.ts'
import { hashBytes } from '../hash/murmur.ts'
import { NearDuplicates } from '../leakage/near-duplicates.ts'
import { SPLIT_NAMES, TRAIN } from '../split/assignment.ts'
import { elementCount } from './parse-rows.ts'
import { restoreEach } from './resume/restore-each.ts'
import type { Snapshot } from './resume/snapshot.ts'
import type { RowInputs } from './row-inputs.ts'
import type { SpoolBlock } from './spool.ts'
import { ImageStatistics } from './statistics.ts'
import { copyOf } from './writable-copy.ts'
import type { WriteRequest } from './write-rows.ts'

const HISTOGRAM_BINS = 16

export class ImageInputs implements RowInputs {
  readonly sampleType = 'U8'
  readonly sampleShape: readonly [number, number, number]
  readonly #rowBytes: number
  readonly #statistics: readonly ImageStatistics[]
  readonly #near: NearDuplicates
  #rows = 0

  constructor({ checked }: WriteRequest, { shape }: TensorColumn) {
    const [channels = 1, height = 1, width = 1] = shape
    this.sampleShape = [channels, height, width]
    this.#rowBytes = elementCount(shape)
    this.#statistics = SPLIT_NAMES.map(() => new ImageStatistics(channels, height * width))
    this.#near = new NearDuplicates({ channels, height, width }, checked.rows)
  }

  get input(): DatasetInput {
    return { kind: 'image', shape: [...this.sampleShape], dtype: 'uint8' }
  }

  samples({ arrays }: SpoolBlock): Uint8Array {
    return arrays
  }

  look(samples: Uint8Array, row: number, split: number, index: number): void {
    this.#rows++
    this.#statistics[split]?.add(samples, row)
    this.#near.add(samples, row * this.#rowBytes, split, index)
  }

  hash(samples: Uint8Array, row: number): number {
    return hashBytes(samples, row * this.#rowBytes, (row + 1) * this.#rowBytes)
  }

  snapshot() {
    return { rows: this.#rows, near: this.#near.snapshot(), statistics: this.#statistics.map((statistics) => statistics.snapshot()) }
  }

  restore(snapshot: Snapshot): void {
    const state = snapshot as ReturnType<ImageInputs['snapshot']>
    this.#rows = state.rows
    this.#near.restore(state.near)
    restoreEach(this.#statistics, state.statistics)
  }

  finish() {
    const [channels, height, width] = this.sampleShape
    const train = this.#statistics[TRAIN] as ImageStatistics
    const all = new ImageStatistics(channels, height * width)
    for (const statistics of this.#statistics) all.merge(statistics)
    const { mean, std } = all.result()
    const histogram = all.histogram(HISTOGRAM_BINS)
    const images = { channels, height, width, sizes: [{ height, width, count: this.#rows }], mean, std, histogram }
    const nearDuplicates = copyOf(this.#near.result())
    return { normalization: train.result(), statistics: null, columns: null, distributions: [], images, nearDuplicates }
  }
}

export function isImage(tensor: TensorColumn | null): tensor is TensorColumn {
  return tensor?.dtype === 'uint8' && tensor.shape.length === 3
}
