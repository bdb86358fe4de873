// From parts to a file: nothing may be missing, and the whole must be what the client says it is.

import { type Database, type UploadRecord, uploads } from '@trainyard/database'
import { type Issue, TrainyardError } from '@trainyard/errors'
import type { DirectPart, ObjectStorage } from '@trainyard/storage'
import { type OpenUpload, partsTotal, sizeOfPart, toParted } from './upload-parts.ts'

const ISSUES_MAX = 20

/** @throws TrainyardError conflict (parts are missing), invalid_data (another content than announced: the upload is gone then) */
export async function completeUpload(database: Database, storage: ObjectStorage, upload: OpenUpload): Promise<UploadRecord> {
  if (upload.completedAt !== null) return upload
  const parts = await arrivedParts(storage, upload)
  const found = await storage.completeParts(toParted(upload), parts)
  if (found !== null && upload.sha256 !== null && found !== upload.sha256) {
    await storage.delete(upload.objectKey)
    await database.withProject(upload.projectId, (tx) => uploads.remove(tx, upload.id))
    const message = `the file has the SHA-256 ${found}, not ${upload.sha256}`
    throw new TrainyardError('invalid_data', {
      detail: `${message}. The upload was removed.`,
      issues: [{ path: 'sha256', code: 'digest_mismatch', message, hint: 'Upload it again, with a Content-Digest for each part.' }],
    })
  }
  return database.withProject(upload.projectId, (tx) => uploads.complete(tx, upload.id, upload.sha256 ?? found))
}

/** All parts, in order, as the storage has them. */
async function arrivedParts(storage: ObjectStorage, upload: OpenUpload): Promise<readonly DirectPart[]> {
  const arrived = (await storage.listDirectParts(toParted(upload))) ?? upload.parts
  const byNumber = new Map(arrived.map((part) => [part.number, part]))
  const numbers = Array.from({ length: partsTotal(upload) }, (_, i) => i + 1)
  const issues = numbers.flatMap((number) => problemOf(upload, number, byNumber.get(number)) ?? [])
  if (issues.length > 0) {
    throw new TrainyardError('conflict', {
      detail: `${issues.length} of ${numbers.length} parts are missing or have a wrong size.`,
      hint: 'Send them, then complete the upload.',
      issues: issues.slice(0, ISSUES_MAX),
    })
  }
  return numbers.flatMap((number) => byNumber.get(number) ?? [])
}

function problemOf(upload: OpenUpload, number: number, part: DirectPart | undefined): Issue | null {
  const expected = sizeOfPart(upload, number)
  if (part?.bytes === expected) return null
  const message = part === undefined ? `part ${number} is missing` : `part ${number} has ${part.bytes} bytes, expected ${expected}`
  return {
    path: `parts[${number}]`,
    code: part === undefined ? 'missing_part' : 'wrong_size',
    message,
    hint: 'PUT it to /v1/uploads/{upload_id}/parts/{number}.',
  }
}
