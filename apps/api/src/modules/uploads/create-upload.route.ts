import { createUploadSchema, newUuid, PART_BYTES_DEFAULT, PARTS_MAX, uploadSchema } from '@trainyard/contracts'
import { uploads } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import { onceAround } from '../../http/once.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeUpload } from './upload.serializer.ts'

const MiB = 1 << 20
/** A 5 GB file at 1 Mbit/s takes half a day. */
const UNUSED_TTL_MS = 7 * 86_400_000

export const createUpload = defineRoute({
  method: 'POST',
  path: '/v1/uploads',
  operationId: 'createUpload',
  tag: 'uploads',
  summary: 'Begin an upload in parts',
  description:
    'For files that may not fit into one connection. Send the parts in any order, over as many connections as you like, and again where one ' +
    'breaks off; then complete the upload and make a version of it. An upload that is not used within 7 days is removed.',
  scope: 'write',
  body: createUploadSchema,
  bodyExamples: { csv: { file_name: 'flights.csv', bytes: 5_368_709_120 } },
  responses: { 201: { description: 'The upload, without parts.', schema: uploadSchema } },
  errors: ['quota_exceeded', 'payload_too_large'],
  handler: async ({ body, deps, request, reply, principal }) => {
    const { file_name: fileName, bytes, sha256 = null } = body
    const { uploadBytesMax } = deps.limits
    if (bytes > uploadBytesMax) {
      throw new TrainyardError('payload_too_large', { detail: `The file has ${bytes} bytes. Expected at most ${uploadBytesMax}.` })
    }
    const partBytes = Math.max(body.part_bytes ?? PART_BYTES_DEFAULT, Math.ceil(bytes / PARTS_MAX / MiB) * MiB)
    const { projectId } = principal
    const id = newUuid()
    return onceAround(deps, request, reply, 201, {
      prepare: () => deps.storage.beginParts(`uploads/${id}/content`, partBytes),
      commit: async (tx, { key: objectKey, token }) => {
        const expiresAt = new Date(Date.now() + UNUSED_TTL_MS)
        return serializeUpload(await uploads.begin(tx, { id, projectId, fileName, objectKey, bytes, partBytes, token, sha256, expiresAt }))
      },
      undo: (parted) => deps.storage.abortParts(parted),
    })
  },
})
