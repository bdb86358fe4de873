// What a picture declares: format, size and colours, from its first bytes. Checked before any decoder sees the file: huge sizes, animations and
// formats other than PNG, JPEG and WebP are refused here.

export type ImageFormat = 'png' | 'jpeg' | 'webp'

export interface ImageHeader {
  readonly format: ImageFormat
  readonly width: number
  readonly height: number
  /** Whether its pixels are shades of grey by its format; a palette or three channels may still show only grey. */
  readonly isGrey: boolean
}

export type HeaderResult = ImageHeader | { readonly refused: string }

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const JPEG = [0xff, 0xd8, 0xff]
const RIFF = [0x52, 0x49, 0x46, 0x46]
const WEBP = [0x57, 0x45, 0x42, 0x50]
const PNG_DEPTH_MAX = 8
/** Colour types: grey, and grey with transparency. */
const PNG_GREY: ReadonlySet<number> = new Set([0, 4])
/** Frame headers of JPEG: SOF0 … SOF15 but for DHT, JPG and DAC. Lossless and arithmetic ones are not decoded anywhere. */
const JPEG_FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2])
const JPEG_START_OF_SCAN = 0xda

/** Other formats that people put into archives, by their first bytes, to name them. */
const OTHERS: readonly { readonly name: string; readonly bytes: readonly number[] }[] = [
  { name: 'a GIF image', bytes: [0x47, 0x49, 0x46, 0x38] },
  { name: 'a BMP image', bytes: [0x42, 0x4d] },
  { name: 'a TIFF image', bytes: [0x49, 0x49, 0x2a, 0x00] },
  { name: 'a TIFF image', bytes: [0x4d, 0x4d, 0x00, 0x2a] },
  { name: 'an SVG or XML document', bytes: [0x3c] },
]

export function readImageHeader(bytes: Uint8Array): HeaderResult {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const header = hasPrefix(bytes, PNG)
    ? readPng(bytes, view)
    : hasPrefix(bytes, JPEG)
      ? readJpeg(bytes, view)
      : hasPrefix(bytes, RIFF) && hasPrefix(bytes, WEBP, 8)
        ? readWebp(bytes, view)
        : { refused: OTHERS.find((other) => hasPrefix(bytes, other.bytes))?.name ?? 'no image' }
  if ('refused' in header) return header
  return header.width > 0 && header.height > 0 ? header : { refused: `an image of ${header.width}×${header.height} pixels` }
}

/** PNG specification, 11.2.2: IHDR comes first. */
function readPng(bytes: Uint8Array, view: DataView): HeaderResult {
  if (bytes.length < 33 || view.getUint32(12) !== 0x49484452) return { refused: 'a PNG image without header' }
  const depth = view.getUint8(24)
  if (depth > PNG_DEPTH_MAX) return { refused: `a PNG image with ${depth} bits per channel` }
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20), isGrey: PNG_GREY.has(view.getUint8(25)) }
}

/** ITU T.81, B.2.2: segments up to the frame header. */
function readJpeg(bytes: Uint8Array, view: DataView): HeaderResult {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return { refused: 'a damaged JPEG image' }
    const marker = bytes[at + 1] as number
    if (marker === 0xff) {
      at++
      continue
    }
    if (JPEG_FRAMES.has(marker)) {
      const channels = bytes[at + 9] as number
      if (view.getUint8(at + 4) !== 8) return { refused: `a JPEG image with ${view.getUint8(at + 4)} bits per channel` }
      if (channels !== 1 && channels !== 3) return { refused: `a JPEG image with ${channels} channels (CMYK)` }
      return { format: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5), isGrey: channels === 1 }
    }
    if (marker >= 0xc3 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { refused: 'a JPEG image of an unusual kind (lossless or arithmetic coding)' }
    }
    if (marker === JPEG_START_OF_SCAN || (marker >= 0xd0 && marker <= 0xd9)) return { refused: 'a damaged JPEG image' }
    at += 2 + view.getUint16(at + 2)
  }
  return { refused: 'a JPEG image without frame header' }
}

/** RFC 9649: one of three kinds of first chunk. */
function readWebp(bytes: Uint8Array, view: DataView): HeaderResult {
  if (bytes.length < 30) return { refused: 'a WebP image without header' }
  const kind = String.fromCharCode(...bytes.subarray(12, 16))
  const webp = (width: number, height: number): ImageHeader => ({ format: 'webp', width, height, isGrey: false })
  if (kind === 'VP8 ') return webp(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff)
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true)
    return webp((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
  }
  if (kind !== 'VP8X') return { refused: 'a damaged WebP image' }
  if ((view.getUint8(20) & 0x02) !== 0) return { refused: 'an animated WebP image' }
  const size = (at: number) => (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)) + 1
  return webp(size(24), size(27))
}

function hasPrefix(bytes: Uint8Array, prefix: readonly number[], offset = 0): boolean {
  return prefix.every((byte, i) => bytes[offset + i] === byte)
}
