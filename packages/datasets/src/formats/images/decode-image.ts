// Pictures to pixels, with sharp. Loaded on first use only, and never in the API's process: decoders are written in C.

import type { PrepareLimits } from '../../limits.ts'
import { channelsFirst } from '../array-rows.ts'
import { type ImageHeader, readImageHeader } from './image-header.ts'

type Sharp = typeof import('sharp')['default']

export interface ImageLook {
  readonly width: number
  readonly height: number
  /** 1: grey. */
  readonly channels: 1 | 3
}

export interface ImageRefusal {
  readonly code: 'unsupported_image' | 'image_too_large' | 'undecodable_image' | 'mixed_sizes'
  readonly what: string
  readonly example: string
  readonly hint: string
}

export interface ImageShape {
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
  /** Whether images of another size are resized instead of refused. */
  readonly isResized: boolean
}

const HINTS: { readonly [C in ImageRefusal['code']]: string } = {
  unsupported_image: 'Save it as PNG, JPEG or WebP with 8 bits per channel.',
  image_too_large: 'Make the images smaller before the upload.',
  undecodable_image: 'Look at the image in another program, and save it again.',
  mixed_sizes: 'Give all images one size, or set the option "resize".',
}

let loaded: Promise<Sharp> | undefined

async function loadSharp(): Promise<Sharp> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    // One image is small work: parallelism is between images. No cache: every image is seen once per pass.
    sharp.concurrency(1)
    sharp.cache(false)
    return sharp
  })
  return await loaded
}

/** Size and colours as the picture is meant to be seen, without decoding it. */
export async function lookAtImage(bytes: Uint8Array, limits: PrepareLimits): Promise<ImageLook | ImageRefusal> {
  const header = checkHeader(bytes, limits)
  if ('code' in header) return header
  const sharp = await loadSharp()
  try {
    const { autoOrient, space, channels } = await sharp(bytes, inputOptions(limits)).metadata()
    return { width: autoOrient.width, height: autoOrient.height, channels: space === 'b-w' || channels === 1 ? 1 : 3 }
  } catch (error) {
    return undecodable(error)
  }
}

/**
 * Pixels [C, H, W], 0 … 255, of the picture as it is meant to be seen (EXIF orientation applied; colour profiles and transparency ignored, as PIL's
 * `convert` ignores them). Colours become grey by ITU-R 601 with PIL's integer weights.
 */
export async function decodeImage(bytes: Uint8Array, shape: ImageShape, limits: PrepareLimits): Promise<Uint8Array | ImageRefusal> {
  const header = checkHeader(bytes, limits)
  if ('code' in header) return header
  const sharp = await loadSharp()
  try {
    let image = sharp(bytes, inputOptions(limits)).autoOrient().removeAlpha()
    // Else sharp makes three equal channels of one.
    if (header.isGrey) image = image.toColourspace('b-w')
    if (shape.isResized) image = image.resize(shape.width, shape.height, { fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false })
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    if (info.width !== shape.width || info.height !== shape.height) {
      return refusal(
        'mixed_sizes',
        `images of another size than ${shape.width}×${shape.height} (width × height)`,
        `${info.width}×${info.height}`,
      )
    }
    return toChannels(data, info.channels, shape)
  } catch (error) {
    return undecodable(error)
  }
}

function inputOptions({ imagePixelsMax }: PrepareLimits) {
  return { limitInputPixels: imagePixelsMax, ignoreIcc: true, sequentialRead: true } as const
}

function checkHeader(bytes: Uint8Array, { imagePixelsMax }: PrepareLimits): ImageHeader | ImageRefusal {
  const header = readImageHeader(bytes)
  if ('refused' in header) {
    return refusal('unsupported_image', 'files that are no PNG, JPEG or WebP image with 8 bits per channel', header.refused)
  }
  if (header.width * header.height > imagePixelsMax) {
    return refusal('image_too_large', `images that declare more than ${imagePixelsMax} pixels`, `${header.width}×${header.height}`)
  }
  return header
}

function toChannels(data: Uint8Array, found: number, { channels, height, width }: ImageShape): Uint8Array {
  if (found === channels) return channels === 1 ? data : channelsFirst(data, 1, [channels, height, width])
  const pixels = height * width
  const result = new Uint8Array(channels * pixels)
  if (channels === 1) {
    for (let i = 0, from = 0; i < pixels; i++, from += found) {
      const [red, green, blue] = [data[from] as number, data[from + 1] as number, data[from + 2] as number]
      result[i] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    }
  } else for (let channel = 0; channel < channels; channel++) result.set(data, channel * pixels)
  return result
}

function undecodable(error: unknown): ImageRefusal {
  return refusal('undecodable_image', 'images that cannot be decoded', error instanceof Error ? error.message : String(error))
}

function refusal(code: ImageRefusal['code'], what: string, example: string): ImageRefusal {
  return { code, what, example, hint: HINTS[code] }
}
