// One file of an upload: looked at before it is stored, then streamed into storage as it comes. Names and content types are not believed.

import type { UploadRole } from '@trainyard/contracts'
import type { NewUpload } from '@trainyard/database'
import { READABLE_FORMATS, SNIFF_BYTES, sniffFormat } from '@trainyard/datasets'
import { TrainyardError } from '@trainyard/errors'
import type { ObjectStorage } from '@trainyard/storage'

/** A name is kept to be shown; it never becomes a path. */
const FILE_NAME_LENGTH_MAX = 255

export interface IncomingFile {
  readonly role: UploadRole
  readonly fileName: string
  readonly content: AsyncIterable<Uint8Array>
}

/** @throws TrainyardError `executable_format`, `unsupported_media_type`, `invalid_data`; nothing is stored then */
export async function storePart(storage: ObjectStorage, key: string, file: IncomingFile, signal: AbortSignal): Promise<NewUpload> {
  const { bytes, sha256 } = await storage.put(key, inspected(file.role, file.content), { signal })
  return { role: file.role, fileName: file.fileName.slice(0, FILE_NAME_LENGTH_MAX), objectKey: key, bytes, sha256 }
}

/**
 * The same bytes, once the beginning of the file is known to be harmless.
 * @param part what the client knows it by: the role of a form's part, or the name of the file
 * @throws TrainyardError `executable_format`, `unsupported_media_type`, `invalid_data`
 */
export async function* inspected(part: string, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const head: Uint8Array[] = []
  let length = 0
  for await (const chunk of content) {
    if (length >= SNIFF_BYTES) {
      yield chunk
      continue
    }
    head.push(chunk)
    length += chunk.byteLength
    if (length < SNIFF_BYTES) continue
    checkFormat(part, Buffer.concat(head))
    yield* head
  }
  if (length >= SNIFF_BYTES) return
  checkFormat(part, Buffer.concat(head))
  yield* head
}

function checkFormat(part: string, head: Uint8Array): void {
  const format = sniffFormat(head.subarray(0, SNIFF_BYTES))
  if (format.kind === 'executable' || format.kind === 'unsupported') {
    const isExecutable = format.kind === 'executable'
    const message = `part ${part} is ${format.name}${isExecutable ? ', which can run code when it is opened' : ''}. Expected ${READABLE_FORMATS}.`
    throw new TrainyardError(isExecutable ? 'executable_format' : 'unsupported_media_type', {
      detail: message,
      hint: format.hint,
      issues: [{ path: part, code: isExecutable ? 'executable_format' : 'unsupported_format', message, hint: format.hint }],
    })
  }
  if (format.kind === 'empty') {
    const message = `part ${part} is empty`
    throw new TrainyardError('invalid_data', {
      detail: message,
      issues: [{ path: part, code: 'empty_file', message, hint: 'Send the file as the content of the part.' }],
    })
  }
}
