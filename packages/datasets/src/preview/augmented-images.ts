// What augmentation makes of images, as the trainer would see them but with pixels for people: for previews.

import type { Augmentation } from '@trainyard/engine/spec'
import { Augmenter } from '../augment/augmenter.ts'
import { createNormalizer } from '../batches/normalize.ts'

/**
 * For each image the original and `copies` changed ones, [n · (1 + copies), C, H, W].
 * @param seed as in the training: copy k is what epoch k of a run with this seed would get
 * @param firstRow row of the first image in its split, which decides its draws
 */
export function augmentedImages(
  images: Uint8Array,
  count: number,
  shape: readonly [number, number, number],
  list: readonly Augmentation[],
  { copies, seed, firstRow }: { readonly copies: number; readonly seed: number; readonly firstRow: number },
): Uint8Array {
  const [channels, height, width] = shape
  const size = channels * height * width
  const zeros = new Array<number>(channels).fill(0)
  const normalization = { scale: 1 / 255, mean: zeros, std: zeros.map(() => 1) }
  const normalizer = createNormalizer({ kind: 'image', shape: [channels, height, width] }, normalization)
  const augmenter = new Augmenter({ list, seed, shape, normalizer })
  const sample = new Float32Array(size)
  const result = new Uint8Array(count * (1 + copies) * size)
  for (let i = 0; i < count; i++) {
    result.set(images.subarray(i * size, (i + 1) * size), i * (1 + copies) * size)
    for (let copy = 0; copy < copies; copy++) {
      augmenter.augment(images, i * size, copy, firstRow + i, sample, 0)
      augmenter.corrupt(sample, 0, copy, firstRow + i)
      const at = (i * (1 + copies) + 1 + copy) * size
      for (let p = 0; p < size; p++) result[at + p] = Math.max(0, Math.min(255, Math.round((sample[p] as number) * 255)))
    }
  }
  return result
}
