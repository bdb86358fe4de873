import { idSchema, PARTS_MAX, partUrlSchema } from '@trainyard/contracts'
import { TrainyardError } from '@trainyard/errors'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { requireOpen, requirePart, toParted } from './upload-parts.ts'

const EXPIRES_S = 3600

export const createPartUrl = defineRoute({
  method: 'POST',
  path: '/v1/uploads/{upload_id}/parts/{number}/url',
  operationId: 'createPartUrl',
  tag: 'uploads',
  summary: 'Get a URL for a part',
  description:
    'Where files are stored on S3: a URL to which the part may be PUT within an hour, without passing through this service and without its API ' +
    'key. Elsewhere 409: send the part here.',
  scope: 'write',
  params: z.strictObject({ upload_id: idSchema('upload'), number: z.coerce.number().int().min(1).max(PARTS_MAX) }),
  responses: { 200: { description: 'The URL.', schema: partUrlSchema } },
  errors: ['conflict'],
  handler: async ({ params: { upload_id: uploadId, number }, deps, transaction }) => {
    const upload = await transaction((tx) => requireOpen(tx, uploadId))
    requirePart(upload, number)
    const url = await deps.storage.presignPart(toParted(upload), number, EXPIRES_S)
    if (url !== null) return { url, method: 'PUT' as const, expires_at: new Date(Date.now() + EXPIRES_S * 1000).toISOString() }
    throw new TrainyardError('conflict', {
      detail: 'The storage of this service takes no direct uploads.',
      hint: `PUT the part to /v1/uploads/${uploadId}/parts/${number}.`,
    })
  },
})
