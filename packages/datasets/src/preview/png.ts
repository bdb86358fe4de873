// Pixels as a PNG file (ISO/IEC 15948): 8 bits per channel, grey or RGB, no filter. Compression happens on a thread of zlib.

import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'

const deflateAsync = promisify(deflate)
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** Channels → colour type. */
const COLOUR_TYPES = { 1: 0, 3: 2 } as const

export interface Picture {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  /** Row by row, the channels of a pixel side by side. */
  readonly pixels: Uint8Array
}

export async function encodePng({ width, height, channels, pixels }: Picture): Promise<Buffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  header[9] = COLOUR_TYPES[channels]
  const rowBytes = width * channels
  // Each row begins with the number of its filter: 0, none.
  const rows = Buffer.alloc(height * (rowBytes + 1))
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1)
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', await deflateAsync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const bytes = Buffer.alloc(8 + body.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.set(body, 4)
  bytes.writeUInt32BE(crc32(body), 4 + body.length)
  return bytes
}
