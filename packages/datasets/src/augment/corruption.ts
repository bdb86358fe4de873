// Noise for denoising autoencoders, on normalized numbers: Vincent, Larochelle, Lajoie, Bengio and Manzagol, "Stacked denoising autoencoders"
// (JMLR 11, 2010), section 3.3: additive Gaussian noise, masking noise, salt-and-pepper noise.

import type { AugmentationOf } from '@trainyard/engine/spec'
import type { CorruptionStep, SampleScale } from './transform.ts'

/** Words drawn at once. */
const CHUNK = 256
const TWO_32 = 0x1_0000_0000

export function gaussianNoise({ std }: AugmentationOf<'gaussian_noise'>, { sampleSize }: SampleScale): CorruptionStep {
  const words = new Uint32Array(CHUNK)
  return (values, at, draws) => {
    const end = at + sampleSize
    for (let start = at; start < end; start += CHUNK) {
      draws.fill(words)
      // Box and Muller (1958): two words give two numbers; the first word is shifted to (0, 1], where the logarithm is finite.
      for (let i = 0; i < CHUNK; i += 2) {
        const k = start + i
        if (k >= end) break
        const radius = std * Math.sqrt(-2 * Math.log(((words[i] as number) + 1) / TWO_32))
        const angle = (2 * Math.PI * (words[i + 1] as number)) / TWO_32
        values[k] = (values[k] as number) + radius * Math.cos(angle)
        if (k + 1 < end) values[k + 1] = (values[k + 1] as number) + radius * Math.sin(angle)
      }
    }
  }
}

export function masking({ fraction }: AugmentationOf<'masking'>, { sampleSize }: SampleScale): CorruptionStep {
  const words = new Uint32Array(CHUNK)
  const limit = fraction * TWO_32
  return (values, at, draws) => {
    for (let i = 0; i < sampleSize; i++) {
      if (i % CHUNK === 0) draws.fill(words)
      if ((words[i % CHUNK] as number) < limit) values[at + i] = 0
    }
  }
}

export function saltAndPepper(
  { fraction }: AugmentationOf<'salt_and_pepper'>,
  { sampleSize, groupSize, black, white }: SampleScale,
): CorruptionStep {
  const words = new Uint32Array(CHUNK)
  const limit = fraction * TWO_32
  return (values, at, draws) => {
    for (let i = 0; i < sampleSize; i++) {
      if (i % CHUNK === 0) draws.fill(words)
      const word = words[i % CHUNK] as number
      if (word >= limit) continue
      const group = Math.floor(i / groupSize)
      values[at + i] = (word < limit / 2 ? black[group] : white[group]) as number
    }
  }
}
