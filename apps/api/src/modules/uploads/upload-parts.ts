// An upload in parts: where each lies, and what may still be done with it.

import type { Tx, UploadRecord } from '@trainyard/database'
import { uploads } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import type { ObjectStorage, PartedUpload } from '@trainyard/storage'
import { uuidOf } from '../../http/ids.ts'
import { found, missing } from '../../http/parse.ts'

/** A record whose parts the storage knows. */
export type OpenUpload = UploadRecord & { readonly partBytes: number; readonly token: string }

/** @throws TrainyardError not_found, also for a file that came with its version: it never was an upload of its own */
export async function requireUpload(tx: Tx, id: string): Promise<OpenUpload> {
  const upload = found(await uploads.find(tx, uuidOf('upload', id)), id)
  const { partBytes, token } = upload
  if (partBytes === null || token === null) throw missing(id)
  return { ...upload, partBytes, token }
}

/** @throws TrainyardError not_found, conflict */
export async function requireOpen(tx: Tx, id: string): Promise<OpenUpload> {
  const upload = await requireUpload(tx, id)
  if (upload.completedAt === null) return upload
  throw new TrainyardError('conflict', { detail: `${id} is complete and takes no more parts.`, hint: 'Create a new upload.' })
}

export function toParted({ objectKey: key, token, partBytes }: OpenUpload): PartedUpload {
  return { key, token, partBytes }
}

/** All that is stored of it, whole or in parts. Removing what is not there is no error. */
export async function removeFiles(storage: ObjectStorage, { objectKey, token, partBytes }: UploadRecord): Promise<void> {
  if (token !== null && partBytes !== null) await storage.abortParts({ key: objectKey, token, partBytes })
  await storage.delete(objectKey)
}

export function partsTotal({ bytes, partBytes }: OpenUpload): number {
  return Math.ceil(bytes / partBytes)
}

/** Bytes that the part must have: all but the last are of one size. */
export function sizeOfPart(upload: OpenUpload, number: number): number {
  return Math.min(upload.partBytes, upload.bytes - (number - 1) * upload.partBytes)
}

/** Up to where the file has arrived without a gap, in bytes. */
export function nextOffset({ bytes, partBytes, parts }: Pick<OpenUpload, 'bytes' | 'partBytes' | 'parts'>): number {
  const have = new Set(parts.map(({ number }) => number))
  let count = 0
  while (have.has(count + 1)) count++
  return Math.min(bytes, count * partBytes)
}

/** @throws TrainyardError not_found when there is no such part */
export function requirePart(upload: OpenUpload, number: number): void {
  if (number <= partsTotal(upload)) return
  throw new TrainyardError('not_found', { detail: `There is no part ${number}: the upload has ${partsTotal(upload)}.` })
}
