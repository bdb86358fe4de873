// Pictures of a form, to be predicted. They are kept as they came: nothing here opens them.

import type { EncodedPicture } from '@trainyard/contracts'
import { type Issue, TrainyardError } from '@trainyard/errors'
import type { FastifyRequest } from 'fastify'
import { invalidRequest } from '../../http/parse.ts'
import { requireMediaType } from '../../plugins/json-body.ts'

/** Files of one request. */
export const PICTURES_MAX = 1000
/** Letters of a file name that are given back. */
const NAME_LENGTH_MAX = 255
const PART = 'images'

/**
 * @param bytesMax of all pictures together
 * @throws TrainyardError `invalid_request` with every part that is wrong; `payload_too_large`
 */
export async function receivePictures(request: FastifyRequest, bytesMax: number): Promise<readonly EncodedPicture[]> {
  requireMediaType(request)
  try {
    return await readParts(request, bytesMax)
  } catch (error) {
    // Whoever still sends is read to the end, so that the answer arrives.
    request.raw.unpipe()
    request.raw.resume()
    throw error
  }
}

async function readParts(request: FastifyRequest, bytesMax: number): Promise<readonly EncodedPicture[]> {
  const pictures: EncodedPicture[] = []
  const issues: Issue[] = []
  let bytes = 0
  const limits = { files: PICTURES_MAX, fields: 10, parts: PICTURES_MAX + 10, fileSize: bytesMax }
  for await (const part of request.parts({ limits })) {
    if (part.type === 'field' || part.fieldname !== PART) {
      issues.push(unknownPart(part.fieldname))
      if (part.type === 'file') part.file.resume()
      continue
    }
    const content = await part.toBuffer()
    bytes += content.length
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    const name = part.filename.slice(0, NAME_LENGTH_MAX)
    if (content.length === 0) issues.push(emptyFile(pictures.length, name))
    pictures.push({ name, base64: content.toString('base64') })
  }
  if (pictures.length === 0 && issues.length === 0) {
    const message = `There is no part "${PART}".`
    issues.push({ path: PART, code: 'missing_part', message, hint: `Send every picture as a part "${PART}".` })
  }
  if (issues.length > 0) throw invalidRequest(issues)
  return pictures
}

function unknownPart(name: string): Issue {
  const shown = name.slice(0, 100)
  return {
    path: shown,
    code: 'unknown_part',
    message: `There is no part "${shown}".`,
    hint: `Send every picture as a part "${PART}", and options in the query.`,
  }
}

function emptyFile(index: number, name: string): Issue {
  const hint = 'Send the file as the content of the part.'
  return { path: `${PART}[${index}]`, code: 'empty_file', message: `${JSON.stringify(name)} is empty.`, hint }
}

function tooLarge(bytesMax: number): TrainyardError {
  return new TrainyardError('payload_too_large', {
    detail: `The pictures have more than ${bytesMax} bytes.`,
    hint: 'Send fewer at once, or make them smaller.',
  })
}
