// Where in the file the body of `PUT …/content` begins. The client says it: what it has asked before may have grown by a part that was still being stored.

import type { FastifyRequest } from 'fastify'
import { invalidRequest } from '../../http/parse.ts'
import { nextOffset, type OpenUpload, partsTotal } from './upload-parts.ts'

/** As `curl --continue-at` sends it. */
const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/

/**
 * The number of the part that the body begins with; one more than there are when it is empty and all have arrived.
 * @throws TrainyardError invalid_request: it begins between two parts, or leaves one out
 */
export function firstPartOf({ headers }: Pick<FastifyRequest, 'headers'>, upload: OpenUpload): number {
  const start = headers['content-range'] === undefined ? startByLength(headers['content-length'], upload) : startByRange(headers, upload)
  const next = nextOffset(upload)
  if (start === upload.bytes && start === next) return partsTotal(upload) + 1
  if (start >= 0 && start <= next && start % upload.partBytes === 0) return start / upload.partBytes + 1
  throw refused(
    start < 0
      ? `the body is ${-start} bytes longer than the file, which has ${upload.bytes}`
      : `the body begins at byte ${start} of the file; expected ${next}, or a multiple of part_bytes (${upload.partBytes}) before it`,
  )
}

/** All that follows in the file; without a length, all of it. */
function startByLength(length: string | undefined, { bytes }: OpenUpload): number {
  return length === undefined ? 0 : bytes - Number(length)
}

function startByRange({ 'content-range': header, 'content-length': length }: FastifyRequest['headers'], { bytes }: OpenUpload): number {
  const [, first = '', last, total] = CONTENT_RANGE.exec(header ?? '') ?? []
  const start = Number(first)
  const isToTheEnd = Number(last) === bytes - 1 && (total === '*' || Number(total) === bytes)
  if (first === '' || !isToTheEnd || (length !== undefined && Number(length) !== bytes - start)) {
    throw refused(`Content-Range is "${header?.slice(0, 100)}"; expected one to the end of the file, such as bytes 0-${bytes - 1}/${bytes}`)
  }
  return start
}

function refused(message: string) {
  return invalidRequest([
    { path: 'body', code: 'wrong_start', message, hint: 'GET the upload: send the bytes of the file from its next_offset on.' },
  ])
}
