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

  /** @param sample [C, H, W] */
  add(sample: Uint8Array): void {
    const counts = this.#counts
    for (let channel = 0; channel < this.channels; channel++) {
      const end = (channel + 1) * this.pixels
      for (let i = channel * this.pixels; i < end; i++) {
        const bin = channel * 256 + (sample[i] as number)
        counts[bin] = (counts[bin] as number) + 1
      }
    }
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

/** Per column, by Welford's recurrence (Technometrics 1962): one pass, no cancellation. */
export class FeatureStatistics {
  readonly #mean: Float64Array
  readonly #squares: Float64Array
  #rows = 0
  constructor(columns: number) {
    this.#mean = new Float64Array(columns)
    this.#squares = new Float64Array(columns)
  }

  add(row: Float32Array): void {
    const n = ++this.#rows
    const means = this.#mean
    const squares = this.#squares
    for (let i = 0; i < means.length; i++) {
      const value = row[i] as number
      const before = means[i] as number
      const mean = before + (value - before) / n
      means[i] = mean
      squares[i] = (squares[i] as number) + (value - before) * (value - mean)
    }
  }

  result(): Normalization {
    return {
      scale: 1,
      mean: [...this.#mean],
      std: [...this.#squares].map((sum) => (sum > 0 ? Math.sqrt(sum / this.#rows) : CONSTANT_STD)),
    }
  }
}
