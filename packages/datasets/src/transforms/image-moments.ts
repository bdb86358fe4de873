// Mean and deviation of the training images after their geometric transforms: one pass over the split.

import type { FittedImage } from '@trainyard/contracts'
import { createTransformer } from './transformer.ts'

/** A channel without contrast is only centred. */
const CONSTANT_STD = 1

/**
 * @param fitted with pixels from 0 to 1 @param rows of the split, one after another
 */
export function momentsOf(fitted: FittedImage, rows: Iterable<Uint8Array>): { mean: number[]; std: number[] } {
  const transformer = createTransformer(fitted)
  const channels = fitted.factor.length
  const pixels = transformer.size / channels
  const sample = new Float32Array(transformer.size)
  // Sums of one sample are exact enough; over samples Welford's way of joining keeps the digits (Chan, Golub and LeVeque 1979).
  const mean = new Float64Array(channels)
  const squares = new Float64Array(channels)
  let count = 0
  for (const row of rows) {
    transformer.apply(row, 0, sample, 0)
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      for (let i = channel * pixels; i < (channel + 1) * pixels; i++) sum += sample[i] as number
      const centre = sum / pixels
      let spread = 0
      for (let i = channel * pixels; i < (channel + 1) * pixels; i++) spread += ((sample[i] as number) - centre) ** 2
      const delta = centre - (mean[channel] as number)
      const total = count + pixels
      mean[channel] = (mean[channel] as number) + (delta * pixels) / total
      squares[channel] = (squares[channel] as number) + spread + (delta * delta * count * pixels) / total
    }
    count += pixels
  }
  return { mean: [...mean], std: [...squares].map((sum) => (sum > 0 ? Math.sqrt(sum / count) : CONSTANT_STD)) }
}
