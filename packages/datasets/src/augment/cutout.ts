// Cutout: DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout" (2017). The centre is any pixel, so that a
// square may lie partly outside; it is filled with what normalization turns into 0.

import type { AugmentationOf } from '@trainyard/engine/spec'
import type { ImageShape, PixelStep, SampleScale } from './transform.ts'

export function cutout(
  { size, count }: AugmentationOf<'cutout'>,
  { channels, height, width }: ImageShape,
  { zero }: SampleScale,
): PixelStep {
  const half = Math.floor(size / 2)
  return (pixels, draws) => {
    for (let i = 0; i < count; i++) {
      const left = draws.below(width) - half
      const top = draws.below(height) - half
      const firstX = Math.max(0, left)
      const endX = Math.min(width, left + size)
      const firstY = Math.max(0, top)
      const endY = Math.min(height, top + size)
      for (let channel = 0; channel < channels; channel++) {
        const value = zero[channel] as number
        for (let y = firstY; y < endY; y++) {
          const line = (channel * height + y) * width
          pixels.fill(value, line + firstX, line + endX)
        }
      }
    }
  }
}
