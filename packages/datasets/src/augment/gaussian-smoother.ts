// Gaussian smoothing of an image whose opposite borders are neighbours, so that pixels at a border are moved as far as all others. Line by
// line in both directions: the cost per pixel grows with σ.

/** Places beyond so many deviations are left out: exp(−4.5) is 1 % of the peak. */
const REACH_DEVIATIONS = 3
/** Results that are computed together, so that sums do not wait for each other. */
const BLOCK = 4

export class GaussianSmoother {
  /** Of a place and of those 1, 2, … places away on either side; they sum up to 1. */
  readonly #weights: Float64Array
  /** One line with its continuation at both ends, up to a whole number of blocks. */
  readonly #line: Float64Array

  constructor(
    readonly height: number,
    readonly width: number,
    sigma: number,
  ) {
    const weights = Float64Array.from({ length: Math.ceil(REACH_DEVIATIONS * sigma) + 1 }, (_, i) =>
      Math.exp((-i * i) / (2 * sigma * sigma)),
    )
    const total = weights.reduce((sum, weight, i) => sum + (i === 0 ? weight : 2 * weight), 0)
    this.#weights = weights.map((weight) => weight / total)
    this.#line = new Float64Array(Math.max(height, width) + 2 * (weights.length - 1) + BLOCK)
  }

  /** @param values row-major [H, W] */
  smooth(values: Float32Array): void {
    const { height, width } = this
    for (let y = 0; y < height; y++) this.#smoothLine(values, y * width, 1, width)
    for (let x = 0; x < width; x++) this.#smoothLine(values, x, width, height)
  }

  #smoothLine(values: Float32Array, start: number, stride: number, length: number): void {
    const line = this.#line
    const weights = this.#weights
    const reach = weights.length - 1
    for (let i = 0, k = start; i < length; i++, k += stride) line[reach + i] = values[k] as number
    for (let i = 1; i <= reach; i++) {
      line[reach - i] = line[reach - i + length] as number
      line[reach + length + i - 1] = line[reach + i - 1] as number
    }
    const peak = weights[0] as number
    for (let i = 0, k = start; i < length; i += BLOCK, k += BLOCK * stride) {
      const at = reach + i
      let a = peak * (line[at] as number)
      let b = peak * (line[at + 1] as number)
      let c = peak * (line[at + 2] as number)
      let d = peak * (line[at + 3] as number)
      for (let away = 1; away <= reach; away++) {
        const weight = weights[away] as number
        const left = at - away
        const right = at + away
        a += weight * ((line[left] as number) + (line[right] as number))
        b += weight * ((line[left + 1] as number) + (line[right + 1] as number))
        c += weight * ((line[left + 2] as number) + (line[right + 2] as number))
        d += weight * ((line[left + 3] as number) + (line[right + 3] as number))
      }
      values[k] = a
      if (i + 1 < length) values[k + stride] = b
      if (i + 2 < length) values[k + 2 * stride] = c
      if (i + 3 < length) values[k + 3 * stride] = d
    }
  }
}
