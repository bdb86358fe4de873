// Where a pixel of the result comes from: (x, y) → (xx·x + xy·y + x0, yx·x + yy·y + y0), in places of pixel centres, y downwards.

export class AffineMap {
  xx = 1
  xy = 0
  x0 = 0
  yx = 0
  yy = 1
  y0 = 0

  reset(): void {
    this.xx = 1
    this.xy = 0
    this.x0 = 0
    this.yx = 0
    this.yy = 1
    this.y0 = 0
  }

  /**
   * Adds a change of the picture behind those so far. Its arguments say where the pixels of its result come from: first the new map is
   * followed, then the old one.
   */
  follow(xx: number, xy: number, x0: number, yx: number, yy: number, y0: number): void {
    const { xx: a, xy: b, x0: c, yx: d, yy: e, y0: f } = this
    this.xx = a * xx + b * yx
    this.xy = a * xy + b * yy
    this.x0 = a * x0 + b * y0 + c
    this.yx = d * xx + e * yx
    this.yy = d * xy + e * yy
    this.y0 = d * x0 + e * y0 + f
  }

  /** Whether pixels come from pixels: flips and whole shifts. */
  get isOnGrid(): boolean {
    return this.xy === 0 && this.yx === 0 && Math.abs(this.xx) === 1 && Math.abs(this.yy) === 1 && isWhole(this.x0) && isWhole(this.y0)
  }
}

function isWhole(value: number): boolean {
  return Math.floor(value) === value
}
