// One packed picture out of an archive. What is wrong with it concerns this row, not the archive.

import { TrainyardError } from '@trainyard/errors'
import type { PrepareLimits } from '../../limits.ts'
import type { ArchiveEntry, ArchiveReader } from '../archive/archive.ts'
import type { ImageRefusal } from './decode-image.ts'

/** The packed picture, or why it cannot be had. */
export async function readEntry(entry: ArchiveEntry, reader: ArchiveReader, limits: PrepareLimits): Promise<Uint8Array | ImageRefusal> {
  if (entry.size > limits.sampleBytesMax) {
    return {
      code: 'image_too_large',
      what: `files of more than ${limits.sampleBytesMax} bytes`,
      example: `${entry.size} bytes`,
      hint: 'Make the images smaller before the upload.',
    }
  }
  try {
    return await reader.read(entry)
  } catch (error) {
    if (!(error instanceof TrainyardError) || error.code !== 'invalid_data') throw error
    return {
      code: 'undecodable_image',
      what: 'images that cannot be unpacked',
      example: error.issues[0]?.message ?? error.message,
      hint: 'Pack the images again.',
    }
  }
}
