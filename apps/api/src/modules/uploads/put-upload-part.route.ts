import { idSchema, PART_BYTES_MAX, PARTS_MAX, uploadPartSchema } from '@trainyard/contracts'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { receivePart } from './receive-part.service.ts'
import { requireOpen, requirePart } from './upload-parts.ts'

/** Parts of very large files are larger than what one may ask for. */
const BODY_BYTES_MAX = 4 * PART_BYTES_MAX

export const putUploadPart = defineRoute({
  method: 'PUT',
  path: '/v1/uploads/{upload_id}/parts/{number}',
  operationId: 'putUploadPart',
  tag: 'uploads',
  summary: 'Send a part of an upload',
  description:
    'Part `number`, from 1: the bytes of the file from (number − 1) · part_bytes on. Every part but the last has part_bytes. With the header ' +
    '`Content-Digest: sha-256=:…:` (RFC 9530) a part that was changed on the way is refused. Sending a part again replaces it.',
  scope: 'write',
  params: z.strictObject({ upload_id: idSchema('upload'), number: z.coerce.number().int().min(1).max(PARTS_MAX) }),
  body: z.string().meta({ format: 'binary' }),
  streams: 'application/octet-stream',
  bodyBytesMax: () => BODY_BYTES_MAX,
  responses: { 200: { description: 'The part, stored.', schema: uploadPartSchema } },
  errors: ['conflict', 'malformed_upload', 'executable_format', 'invalid_data', 'storage_full'],
  handler: async ({ params: { upload_id: uploadId, number }, deps, request, reply, transaction }) => {
    const upload = await transaction((tx) => requireOpen(tx, uploadId))
    requirePart(upload, number)
    return receivePart({ ...deps, request, reply, uploadId, upload }, number)
  },
})
