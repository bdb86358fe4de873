// Bytes of an upload into storage, part by part. A part is there as a whole or not at all; one that is sent again replaces the one before.

import { createHash } from 'node:crypto'
import type { UploadPart } from '@trainyard/contracts'
import { type Database, type UploadPartRecord, uploads } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import type { ObjectStorage } from '@trainyard/storage'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { invalidRequest } from '../../http/parse.ts'
import { requireMediaType } from '../../plugins/json-body.ts'
import { inspected } from '../dataset-versions/upload-part.ts'
import { firstPartOf } from './content-start.ts'
import { type OpenUpload, partsTotal, requireOpen, sizeOfPart, toParted } from './upload-parts.ts'

export interface Receiver {
  readonly storage: ObjectStorage
  readonly database: Database
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly uploadId: string
  readonly upload: OpenUpload
}

/**
 * The body as one part.
 * @throws TrainyardError invalid_request (wrong size, wrong digest), conflict (complete meanwhile), malformed_upload (broken off), executable_format, overloaded
 */
export async function receivePart(receiver: Receiver, number: number): Promise<UploadPart> {
  const { upload, request } = receiver
  holdPart(receiver)
  const expected = sizeOfPart(upload, number)
  const length = request.headers['content-length']
  if (length !== undefined && Number(length) !== expected) throw wrongSize(upload, number, Number(length))
  const digest = expectedDigest(request.headers['content-digest'])
  const part = await storePart(receiver, number, bodyOf(request), digest)
  return { number, bytes: part.bytes, sha256: part.sha256 }
}

/**
 * The body as the rest of the file. Parts that have arrived when it breaks off are kept.
 * @throws TrainyardError as `receivePart`, and invalid_request where the body does not begin with a part, or leaves one out
 */
export async function receiveRest(receiver: Receiver): Promise<void> {
  const { upload } = receiver
  holdPart(receiver)
  const source = new Chunks(bodyOf(receiver.request))
  for (let number = firstPartOf(receiver.request, upload); number <= partsTotal(upload); number++)
    await storePart(receiver, number, source.take(sizeOfPart(upload, number)), null)
  if (!(await source.isAtEnd())) throw tooLong(upload)
}

/** One part after the other: what the storage holds of one is all. */
function holdPart({ request, reply, storage, upload }: Receiver): void {
  request.server.heldBytes.hold(reply, storage.bytesHeld(upload.partBytes))
}

async function storePart(
  { storage, database, uploadId, upload }: Receiver,
  number: number,
  body: AsyncIterable<Uint8Array>,
  digest: string | null,
): Promise<UploadPartRecord> {
  const content = checked(upload, number, body, digest)
  // Until the part is known to be what was announced, a repetition of it must not count on it.
  await database.withProject(upload.projectId, (tx) => uploads.removePart(tx, upload.id, number))
  const part = await storage.putPart(toParted(upload), number, number === 1 ? inspected(upload.fileName, content) : content)
  await database.withProject(upload.projectId, async (tx) => {
    await uploads.findLocked(tx, upload.id)
    await uploads.putPart(tx, await requireOpen(tx, uploadId), part)
  })
  return part
}

/** The same bytes; it fails before its end, so that nothing is stored, unless they are as many and have the digest that they must have. */
async function* checked(
  upload: OpenUpload,
  number: number,
  body: AsyncIterable<Uint8Array>,
  digest: string | null,
): AsyncGenerator<Uint8Array> {
  const expected = sizeOfPart(upload, number)
  const hash = digest === null ? null : createHash('sha256')
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > expected) throw wrongSize(upload, number, bytes)
    hash?.update(chunk)
    yield chunk
  }
  if (bytes !== expected) throw wrongSize(upload, number, bytes)
  const found = hash?.digest('hex') ?? null
  if (found !== digest) throw wrongDigest(number, found, digest)
}

function wrongDigest(number: number, found: string | null, expected: string | null): TrainyardError {
  return invalidRequest([
    {
      path: 'header.content-digest',
      code: 'digest_mismatch',
      message: `part ${number} has the SHA-256 ${found}, not ${expected}`,
      hint: 'It was changed on the way: send it again.',
    },
  ])
}

function wrongSize(upload: OpenUpload, number: number, bytes: number): TrainyardError {
  return invalidRequest([
    {
      path: 'body',
      code: 'wrong_size',
      message: `part ${number} of ${partsTotal(upload)} has ${bytes} bytes or more; expected ${sizeOfPart(upload, number)}`,
      hint: 'Every part but the last has part_bytes; the last has the rest.',
    },
  ])
}

function tooLong(upload: OpenUpload): TrainyardError {
  return invalidRequest([
    { path: 'body', code: 'wrong_size', message: `the file has more than ${upload.bytes} bytes`, hint: 'Announce its real size.' },
  ])
}

/** The header Content-Digest (RFC 9530) as hexadecimal, or null where it is not there. */
function expectedDigest(header: string | string[] | undefined): string | null {
  if (header === undefined) return null
  const [, base64] = /(?:^|,\s*)sha-256=:([A-Za-z0-9+/]{43}=):/.exec(String(header)) ?? []
  if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('hex')
  const example = createHash('sha256').update('').digest('base64')
  throw invalidRequest([
    {
      path: 'header.content-digest',
      code: 'wrong_format',
      message: 'Content-Digest has no SHA-256 as RFC 9530 writes it.',
      hint: `Example, of an empty part: sha-256=:${example}:`,
    },
  ])
}

/** The request as it comes; a client that goes away is an error, not an end. */
async function* bodyOf(request: FastifyRequest): AsyncGenerator<Uint8Array> {
  requireMediaType(request)
  try {
    for await (const chunk of request.raw) yield chunk as Uint8Array
  } catch (cause) {
    throw new TrainyardError('malformed_upload', { detail: 'The connection was closed before the end of the body.', cause })
  }
}

/** A stream that is read in pieces of given sizes, without a copy. */
class Chunks {
  readonly #source: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** So many bytes, or fewer where the stream ends. */
  async *take(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0; ) {
      if (!(await this.#fill())) return
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill())
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next()
      if (next.done === true) return false
      this.#rest = next.value
    }
    return true
  }
}
