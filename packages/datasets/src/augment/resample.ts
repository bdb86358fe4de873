// Bilinear resampling of an image through a map. What lies outside of the image is black.

import type { AffineMap } from './affine-map.ts'
import type { DisplacementField } from './displacement-field.ts'
import type { ImageShape } from './transform.ts'

export type Pixels = Uint8Array | Float32Array

/** @param into [C, H, W], all of it is written */
export function resample(
  source: Pixels,
  at: number,
  shape: ImageShape,
  map: AffineMap,
  field: DisplacementField | null,
  into: Float32Array,
): void {
  if (field === null && map.isOnGrid) copyOnGrid(source, at, shape, map, into)
  else interpolate(source, at, shape, map, field, into)
}

function copyOnGrid(source: Pixels, at: number, { channels, height, width }: ImageShape, map: AffineMap, into: Float32Array): void {
  const { xx, x0, yy, y0 } = map
  // Columns whose source lies inside: 0 ≤ xx·x + x0 < width.
  const first = Math.min(width, Math.max(0, xx > 0 ? -x0 : x0 - width + 1))
  const end = Math.max(first, Math.min(width, xx > 0 ? width - x0 : x0 + 1))
  for (let row = 0; row < channels * height; row++) {
    const y = row % height
    const from = yy * y + y0
    const to = row * width
    if (from < 0 || from >= height) {
      into.fill(0, to, to + width)
      continue
    }
    const line = at + (row - y + from) * width + x0
    for (let x = 0; x < first; x++) into[to + x] = 0
    for (let x = first; x < end; x++) into[to + x] = source[line + xx * x] as number
    for (let x = end; x < width; x++) into[to + x] = 0
  }
}

function interpolate(
  source: Pixels,
  at: number,
  { channels, height, width }: ImageShape,
  map: AffineMap,
  field: DisplacementField | null,
  into: Float32Array,
): void {
  const { xx, xy, x0, yx, yy, y0 } = map
  const plane = height * width
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const toX = field === null ? x : x + (field.x[i] as number)
      const toY = field === null ? y : y + (field.y[i] as number)
      const fromX = xx * toX + xy * toY + x0
      const fromY = yx * toX + yy * toY + y0
      const left = Math.floor(fromX)
      const top = Math.floor(fromY)
      const right = fromX - left
      const down = fromY - top
      const corner = at + top * width + left
      if (left >= 0 && top >= 0 && left < width - 1 && top < height - 1) {
        for (let channel = 0; channel < channels; channel++) {
          const k = corner + channel * plane
          const upper = (source[k] as number) * (1 - right) + (source[k + 1] as number) * right
          const lower = (source[k + width] as number) * (1 - right) + (source[k + width + 1] as number) * right
          into[i + channel * plane] = upper * (1 - down) + lower * down
        }
        continue
      }
      const isLeft = left >= 0 && left < width
      const isRight = left >= -1 && left < width - 1
      const isTop = top >= 0 && top < height
      const isBottom = top >= -1 && top < height - 1
      for (let channel = 0; channel < channels; channel++) {
        const k = corner + channel * plane
        let value = 0
        if (isTop && isLeft) value += (source[k] as number) * (1 - right) * (1 - down)
        if (isTop && isRight) value += (source[k + 1] as number) * right * (1 - down)
        if (isBottom && isLeft) value += (source[k + width] as number) * (1 - right) * down
        if (isBottom && isRight) value += (source[k + width + 1] as number) * right * down
        into[i + channel * plane] = value
      }
    }
  }
}
