// Images to another size: separable triangle filter, as wide as a source pixel where it enlarges (bilinear) and as a target pixel where it shrinks
// (so that nothing is skipped). As Pillow's BILINEAR and PyTorch's interpolate(mode='bilinear', antialias=True), in float32.

/** Source places and weights of one target place; weights sum to 1. */
interface Taps {
  readonly from: number
  readonly weights: readonly number[]
}

export class Resizer {
  readonly #rows: readonly Taps[]
  readonly #columns: readonly Taps[]
  readonly #line: Float32Array

  constructor(
    readonly channels: number,
    readonly from: { readonly height: number; readonly width: number },
    readonly to: { readonly height: number; readonly width: number },
  ) {
    this.#rows = triangle(from.height, to.height)
    this.#columns = triangle(from.width, to.width)
    this.#line = new Float32Array(from.width)
  }

  /** [C, H, W] from `source[at …]` to `into`. */
  resize(source: ArrayLike<number>, at: number, into: Float32Array): void {
    const { height, width } = this.from
    const line = this.#line
    let place = 0
    for (let channel = 0; channel < this.channels; channel++) {
      const plane = at + channel * height * width
      for (const { from, weights } of this.#rows) {
        line.fill(0)
        for (let i = 0; i < weights.length; i++) {
          const weight = weights[i] as number
          const start = plane + (from + i) * width
          for (let x = 0; x < width; x++) line[x] = (line[x] as number) + weight * (source[start + x] as number)
        }
        for (const taps of this.#columns) {
          let sum = 0
          for (let i = 0; i < taps.weights.length; i++) sum += (taps.weights[i] as number) * (line[taps.from + i] as number)
          into[place++] = sum
        }
      }
    }
  }
}

function triangle(source: number, target: number): Taps[] {
  const scale = source / target
  const support = Math.max(1, scale)
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * scale
    const from = Math.max(0, Math.floor(centre - support + 0.5))
    const to = Math.min(source, Math.floor(centre + support + 0.5))
    const raw = Array.from({ length: to - from }, (_, j) => Math.max(0, 1 - Math.abs((from + j + 0.5 - centre) / support)))
    const sum = raw.reduce((total, weight) => total + weight, 0)
    return { from, weights: raw.map((weight) => weight / sum) }
  })
}
