// How far each pixel is moved by a distortion: uniform noise, smoothed.

import type { Draws } from './draws.ts'
import type { GaussianSmoother } from './gaussian-smoother.ts'

/** One word gives both directions 16 bits. */
const HALF_WORD = 0x1_0000

export class DisplacementField {
  /** Pixels to the right and down, row-major [H, W]. */
  readonly x: Float32Array
  readonly y: Float32Array
  readonly #words: Uint32Array

  constructor(
    readonly height: number,
    readonly width: number,
  ) {
    this.x = new Float32Array(height * width)
    this.y = new Float32Array(height * width)
    this.#words = new Uint32Array(Math.ceil((height * width) / 4) * 4)
  }

  /** Uniform in −1 … 1. */
  randomize(draws: Draws): void {
    const { x, y } = this
    const words = this.#words
    draws.fill(words)
    for (let i = 0; i < x.length; i++) {
      const word = words[i] as number
      x[i] = ((word >>> 16) + 0.5) / (HALF_WORD / 2) - 1
      y[i] = ((word & 0xffff) + 0.5) / (HALF_WORD / 2) - 1
    }
  }

  scale(factor: number): void {
    const { x, y } = this
    for (let i = 0; i < x.length; i++) {
      x[i] = (x[i] as number) * factor
      y[i] = (y[i] as number) * factor
    }
  }

  smooth(smoother: GaussianSmoother): void {
    smoother.smooth(this.x)
    smoother.smooth(this.y)
  }
}
