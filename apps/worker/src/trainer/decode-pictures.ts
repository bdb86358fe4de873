// Pictures of a prediction to raw samples, as the preparation made them of the dataset's own pictures. Here, and never in the API's process:
// decoders are written in C.

import { datasetInputSchema, type EncodedPicture } from '@trainyard/contracts'
import { decodeImage, type ImageRefusal, PREPARE_LIMITS } from '@trainyard/datasets'
import type { CheckpointMetadata } from '@trainyard/engine/train'
import { type Issue, TrainyardError } from '@trainyard/errors'

/** Pictures that are decoded at once: enough for the threads of libuv, few enough to stay small in memory. */
const CONCURRENCY = 16

/**
 * Pixels [C, H, W], 0 … 255, of each. A picture of another size is resized without keeping proportions.
 * @throws TrainyardError `invalid_data` with every picture that cannot be decoded, and where the model takes no pictures
 */
export async function decodePictures(
  pictures: readonly EncodedPicture[],
  input: CheckpointMetadata['dataset']['input'],
): Promise<Float32Array[]> {
  const known = datasetInputSchema.safeParse(input)
  if (!known.success || known.data.kind !== 'image') {
    const hint = 'Send rows as JSON to the path without "/images".'
    throw new TrainyardError('invalid_data', { detail: 'The model takes no pictures: it was trained on a table.', hint })
  }
  const [channels, height, width] = known.data.shape
  const samples: Float32Array[] = []
  const issues: Issue[] = []
  for (let from = 0; from < pictures.length; from += CONCURRENCY) {
    const some = pictures.slice(from, from + CONCURRENCY)
    const decoded = await Promise.all(some.map(({ base64 }) => decode(Buffer.from(base64, 'base64'), channels, height, width)))
    for (const [i, result] of decoded.entries()) {
      if (result instanceof Uint8Array) samples.push(Float32Array.from(result))
      else issues.push(issueOf(result, from + i, some[i]?.name ?? ''))
    }
  }
  if (issues.length > 0) throw new TrainyardError('invalid_data', { detail: issues[0]?.message ?? '', issues })
  return samples
}

/** @param channels 1 grey, 3 colour; a dataset of arrays may have others, which no picture has */
async function decode(bytes: Uint8Array, channels: number, height: number, width: number): Promise<Uint8Array | ImageRefusal> {
  if (channels !== 1 && channels !== 3) {
    const hint = 'Send the samples as arrays of numbers.'
    return {
      code: 'unsupported_image',
      what: `pictures for a model that takes ${channels} channels`,
      example: `${channels} channels`,
      hint,
    }
  }
  const shape = { channels, height, width } as const
  const result = await decodeImage(bytes, { ...shape, isResized: false }, PREPARE_LIMITS)
  const isOtherSize = !(result instanceof Uint8Array) && result.code === 'mixed_sizes'
  return isOtherSize ? await decodeImage(bytes, { ...shape, isResized: true }, PREPARE_LIMITS) : result
}

function issueOf({ code, what, example, hint }: ImageRefusal, index: number, name: string): Issue {
  return { path: `images[${index}]`, code, message: `${JSON.stringify(name)}: ${what} (${example}).`, hint }
}
