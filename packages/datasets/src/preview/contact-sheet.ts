// Many images as one picture, row by row; small ones are enlarged by whole numbers so that their pixels can be seen.

import type { Picture } from './png.ts'

/** Side that small images are enlarged to, at least. */
const SIDE_MIN = 56
/** Between tiles, and its grey. */
const GAP = 2
const GAP_GREY = 128

/**
 * @param images [n, C, H, W]; one channel is grey, two or more show the first three as red, green and blue
 */
export function contactSheet(images: Uint8Array, count: number, shape: readonly [number, number, number], perRow = 8): Picture {
  const [channels, height, width] = shape
  const shown = channels < 3 ? 1 : 3
  const scale = Math.max(1, Math.floor(SIDE_MIN / Math.max(height, width)))
  const columns = Math.max(1, Math.min(perRow, count))
  const rows = Math.max(1, Math.ceil(count / columns))
  const tile = { height: height * scale, width: width * scale }
  const picture = { width: columns * (tile.width + GAP) + GAP, height: rows * (tile.height + GAP) + GAP }
  const pixels = new Uint8Array(picture.width * picture.height * shown).fill(GAP_GREY)
  for (let i = 0; i < count; i++) {
    const left = GAP + (i % columns) * (tile.width + GAP)
    const top = GAP + Math.floor(i / columns) * (tile.height + GAP)
    for (let y = 0; y < tile.height; y++) {
      for (let x = 0; x < tile.width; x++) {
        const from = i * channels * height * width + Math.floor(y / scale) * width + Math.floor(x / scale)
        const to = ((top + y) * picture.width + left + x) * shown
        for (let channel = 0; channel < shown; channel++) pixels[to + channel] = images[from + channel * height * width] as number
      }
    }
  }
  return { ...picture, channels: shown, pixels }
}
