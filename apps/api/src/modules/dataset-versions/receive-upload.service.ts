// A multipart body into storage, with flat memory. Either every part is stored, or nothing is left behind.

import type { MultipartFile } from '@fastify/multipart'
import { type UploadRole, uploadRoleSchema } from '@trainyard/contracts'
import type { NewUpload } from '@trainyard/database'
import { checkRoles } from '@trainyard/datasets'
import { parseWithIssues } from '@trainyard/engine/spec'
import { type Issue, TrainyardError } from '@trainyard/errors'
import type { ObjectStorage } from '@trainyard/storage'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { invalidRequest } from '../../http/parse.ts'
import { requireMediaType } from '../../plugins/json-body.ts'
import { storePart } from './upload-part.ts'

export interface ReceivedUpload<O> {
  readonly uploads: readonly NewUpload[]
  readonly options: O
}

/** Uploads of a version lie below its own prefix: names of users never become keys. */
export const uploadKey = (versionId: string, role: UploadRole) => `uploads/${versionId}/${role}`

/**
 * @param optionsSchema of the part `options`; all of its fields have defaults
 * @throws TrainyardError invalid_request, malformed_upload, payload_too_large, executable_format, overloaded
 */
export async function receiveUpload<O>(
  request: FastifyRequest,
  reply: FastifyReply,
  storage: ObjectStorage,
  versionId: string,
  optionsSchema: z.ZodType<O>,
): Promise<ReceivedUpload<O>> {
  requireMediaType(request)
  request.server.heldBytes.hold(reply, storage.bytesHeld())
  const receiver = new Receiver(request, storage, versionId, optionsSchema)
  try {
    return await receiver.receive()
  } catch (error) {
    await receiver.discard()
    throw error
  }
}

/** Removes what was stored of an upload. */
export async function discardUpload(storage: ObjectStorage, uploads: readonly NewUpload[]): Promise<void> {
  await Promise.all(uploads.map(({ objectKey }) => storage.delete(objectKey)))
}

class Receiver<O> {
  private readonly uploads: NewUpload[] = []
  private readonly issues: Issue[] = []
  private readonly roles: UploadRole[] = []
  private options: O
  private readonly aborted = new AbortController()

  constructor(
    private readonly request: FastifyRequest,
    private readonly storage: ObjectStorage,
    private readonly versionId: string,
    private readonly optionsSchema: z.ZodType<O>,
  ) {
    this.options = optionsSchema.parse({})
  }

  async receive(): Promise<ReceivedUpload<O>> {
    const { raw } = this.request
    const abort = () => {
      if (!raw.complete) this.aborted.abort(new TrainyardError('malformed_upload', { detail: 'The upload was aborted.' }))
    }
    raw.once('close', abort)
    try {
      for await (const part of this.request.parts()) {
        if (part.type === 'field') this.readOptions(part.fieldname, part.value)
        else await this.readFile(part)
      }
    } finally {
      raw.off('close', abort)
    }
    this.aborted.signal.throwIfAborted()
    this.issues.push(...checkRoles(this.roles))
    if (this.issues.length > 0) throw invalidRequest(this.issues)
    return { uploads: this.uploads, options: this.options }
  }

  async discard(): Promise<void> {
    // Whoever still sends is read to the end, so that the answer arrives.
    this.request.raw.unpipe()
    this.request.raw.resume()
    await discardUpload(this.storage, this.uploads)
  }

  private readOptions(name: string, value: unknown): void {
    if (name !== 'options') {
      this.unknownPart(name)
      return
    }
    const json = parseJson(value)
    if (json === undefined) {
      this.issues.push({
        path: 'options',
        code: 'wrong_format',
        message: 'part options is not JSON',
        hint: 'Example: {"test_fraction": 0.1}.',
      })
      return
    }
    const parsed = parseWithIssues(this.optionsSchema, json, 'options')
    if (parsed.ok) this.options = parsed.value
    else this.issues.push(...parsed.issues)
  }

  private async readFile({ fieldname, filename, file }: MultipartFile): Promise<void> {
    const role = uploadRoleSchema.safeParse(fieldname)
    if (!role.success || this.roles.includes(role.data)) {
      if (role.success) this.roles.push(role.data)
      else this.unknownPart(fieldname)
      file.resume()
      return
    }
    this.roles.push(role.data)
    const destroy = () => file.destroy(this.aborted.signal.reason)
    this.aborted.signal.addEventListener('abort', destroy, { once: true })
    try {
      const incoming = { role: role.data, fileName: filename, content: file }
      this.uploads.push(await storePart(this.storage, uploadKey(this.versionId, role.data), incoming, this.aborted.signal))
    } finally {
      this.aborted.signal.removeEventListener('abort', destroy)
    }
  }

  private unknownPart(name: string): void {
    const known = [...uploadRoleSchema.options, 'options'].join(', ')
    const shown = name.slice(0, 100)
    this.issues.push({ path: shown, code: 'unknown_part', message: `there is no part "${shown}"`, hint: `Use one of: ${known}.` })
  }
}

function parseJson(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : value
  } catch {
    return undefined
  }
}
