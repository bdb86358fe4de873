// Small grey versions of images by averaging areas: what a perceptual hash is made of, and what a suspected pair is compared by.

export interface ImageSize {
  readonly channels: number
  readonly height: number
  readonly width: number
}

/** Shrinks [C, H, W] of 0–255 to one grey plane (the mean of the channels) of `columns` × `rows`, into an array that is used again. */
export class Thumbnail {
  readonly values: Float32Array
  readonly #columns: readonly Span[]
  readonly #rows: readonly Span[]
  readonly #line: Float32Array

  constructor(
    readonly size: ImageSize,
    readonly columns: number,
    readonly rows: number,
  ) {
    this.values = new Float32Array(columns * rows)
    this.#columns = spans(size.width, columns)
    this.#rows = spans(size.height, rows)
    this.#line = new Float32Array(size.width)
  }

  draw(pixels: Uint8Array, at = 0): Float32Array {
    const { channels, height, width } = this.size
    const plane = height * width
    this.#rows.forEach(({ from, weights }, row) => {
      this.#line.fill(0)
      weights.forEach((weight, i) => {
        for (let channel = 0; channel < channels; channel++) {
          const start = at + channel * plane + (from + i) * width
          for (let x = 0; x < width; x++) this.#line[x] = (this.#line[x] as number) + (weight / channels) * (pixels[start + x] as number)
        }
      })
      this.#columns.forEach((span, column) => {
        let sum = 0
        for (let i = 0; i < span.weights.length; i++) sum += (span.weights[i] as number) * (this.#line[span.from + i] as number)
        this.values[row * this.columns + column] = sum
      })
    })
    return this.values
  }
}

/** Source places that one target place averages, with weights that sum to 1. */
interface Span {
  readonly from: number
  readonly weights: readonly number[]
}

function spans(source: number, target: number): Span[] {
  const step = source / target
  return Array.from({ length: target }, (_, i) => {
    const start = i * step
    const end = (i + 1) * step
    const from = Math.floor(start)
    const to = Math.min(source, Math.ceil(end - 1e-9))
    return { from, weights: Array.from({ length: to - from }, (_, j) => (Math.min(end, from + j + 1) - Math.max(start, from + j)) / step) }
  })
}
