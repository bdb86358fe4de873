// The size and colours that all images of an upload are brought to, or must have: from the options, else what most of the first ones have.

import type { ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../../limits.ts'
import { invalidData } from '../../problems.ts'
import { type ImageLook, type ImageRefusal, type ImageShape, lookAtImage } from './decode-image.ts'

/** Images that are looked at. */
const SURVEYED = 64

export interface PackedImage {
  /** For texts. */
  readonly name: string
  readonly bytes: Uint8Array | ImageRefusal
}

/**
 * @param images the first ones are enough; no more than are needed are asked for
 * @throws TrainyardError `invalid_data` when none of the first images can be read, or the size is too large to train on
 */
export async function findImageShape(
  images: AsyncIterable<PackedImage>,
  options: ReadOptions,
  limits: PrepareLimits,
  file: string,
): Promise<ImageShape> {
  const looks: ImageLook[] = []
  let refused = ''
  let seen = 0
  for await (const { name, bytes } of images) {
    const look = bytes instanceof Uint8Array ? await lookAtImage(bytes, limits) : bytes
    if ('code' in look) refused ||= `${name}: ${look.what} (${look.example})`
    else looks.push(look)
    if (++seen === SURVEYED) break
  }
  if (looks.length === 0) {
    throw invalidData(file, {
      code: 'undecodable_image',
      what: `none of the first ${seen} images can be read`,
      row: 1,
      example: refused,
      hint: 'Save the images as PNG, JPEG or WebP with 8 bits per channel.',
    })
  }
  const { height, width } = options.resize ?? mostFrequent(looks)
  const channels = options.channels ?? (looks.every((look) => look.channels === 1) ? 1 : 3)
  if (channels * height * width > limits.sampleBytesMax) {
    throw invalidData(file, {
      code: 'image_too_large',
      what: `images of ${width}×${height} pixels, which are more than ${limits.sampleBytesMax} bytes each`,
      hint: 'Set the option "resize".',
    })
  }
  return { channels, height, width, isResized: options.resize !== undefined }
}

function mostFrequent(looks: readonly ImageLook[]): ImageLook {
  const counts = new Map<string, { readonly look: ImageLook; count: number }>()
  for (const look of looks) {
    const key = `${look.width}×${look.height}`
    const entry = counts.get(key) ?? { look, count: 0 }
    entry.count++
    counts.set(key, entry)
  }
  return [...counts.values()].reduce((a, b) => (b.count > a.count ? b : a)).look
}
