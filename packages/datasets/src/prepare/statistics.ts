// Normalization statistics, fitted on training rows only.

import type { Normalization } from '@trainyard/contracts'

/** Pixels are scaled to 0 … 1 before mean and deviation. */
const PIXEL_SCALE = 1 / 255
/** A constant column or channel is only centred. */
const CONSTANT_STD = 1

/** Per channel, exact: counts how often each of the 256 values occurs. */
export class ImageStatistics {
  readonly #counts: Float64Array
  constructor(
    readonly channels: number,
    readonly pixels: number,
  ) {
    this.#counts = new Float64Array(channels * 256)
  }

  /** @param samples row `row` of [n, C, H, W] */
  add(samples: Uint8Array, row: number): void {
    const counts = this.#counts
    for (let channel = 0; channel < this.channels; channel++) {
      const start = (row * this.channels + channel) * this.pixels
      for (let i = start; i < start + this.pixels; i++) {
        const bin = channel * 256 + (samples[i] as number)
        counts[bin] = (counts[bin] as number) + 1
      }
    }
  }

  snapshot() {
    return { counts: this.#counts }
  }

  restore({ counts }: ReturnType<ImageStatistics['snapshot']>): void {
    this.#counts.set(counts)
  }

  /** Adds what another one has counted. */
  merge(other: ImageStatistics): void {
    other.#counts.forEach((count, bin) => {
      this.#counts[bin] = (this.#counts[bin] as number) + count
    })
  }

  /** Per channel: how often each of `bins` equal ranges of the 256 values occurs. */
  histogram(bins: number): number[][] {
    return Array.from({ length: this.channels }, (_, channel) => {
      const counts = this.#counts.subarray(channel * 256, (channel + 1) * 256)
      const histogram = new Array<number>(bins).fill(0)
      counts.forEach((count, value) => {
        const bin = Math.floor((value * bins) / 256)
        histogram[bin] = (histogram[bin] ?? 0) + count
      })
      return histogram
    })
  }

  result(): Normalization {
    const channels = Array.from({ length: this.channels }, (_, channel) => this.#moments(channel))
    return { scale: PIXEL_SCALE, mean: channels.map(({ mean }) => mean), std: channels.map(({ std }) => std) }
  }

  #moments(channel: number): { mean: number; std: number } {
    const counts = this.#counts.subarray(channel * 256, (channel + 1) * 256)
    const n = counts.reduce((sum, count) => sum + count, 0)
    const mean = counts.reduce((sum, count, value) => sum + count * value, 0) / n
    const variance = counts.reduce((sum, count, value) => sum + count * (value - mean) ** 2, 0) / n
    return { mean: mean * PIXEL_SCALE, std: variance > 0 ? Math.sqrt(variance) * PIXEL_SCALE : CONSTANT_STD }
  }
}

/** Per column, by Welford's recurrence (Technometrics 1962): one pass, no cancellation. Missing values do not count. */
export class FeatureStatistics {
  readonly #mean: Float64Array
  readonly #squares: Float64Array
  readonly #count: Float64Array
  constructor(readonly columns: number) {
    this.#mean = new Float64Array(columns)
    this.#squares = new Float64Array(columns)
    this.#count = new Float64Array(columns)
  }

  /** @param samples row `row` of [n, columns] */
  add(samples: Float32Array, row: number): void {
    const means = this.#mean
    const squares = this.#squares
    const counts = this.#count
    for (let i = 0, at = row * this.columns; i < means.length; i++, at++) {
      const value = samples[at] as number
      if (Number.isNaN(value)) continue
      const n = (counts[i] as number) + 1
      counts[i] = n
      const before = means[i] as number
      const mean = before + (value - before) / n
      means[i] = mean
      squares[i] = (squares[i] as number) + (value - before) * (value - mean)
    }
  }

  snapshot() {
    return { mean: this.#mean, squares: this.#squares, count: this.#count }
  }

  restore({ mean, squares, count }: ReturnType<FeatureStatistics['snapshot']>): void {
    this.#mean.set(mean)
    this.#squares.set(squares)
    this.#count.set(count)
  }

  /** Numbers that column `i` has. */
  count(i: number): number {
    return this.#count[i] ?? 0
  }

  result(): Normalization {
    return {
      scale: 1,
      mean: [...this.#mean],
      std: Array.from(this.#squares, (sum, i) => (sum > 0 ? Math.sqrt(sum / (this.#count[i] as number)) : CONSTANT_STD)),
    }
  }
}
