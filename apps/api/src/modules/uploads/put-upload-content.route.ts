import { uploadSchema } from '@trainyard/contracts'
import { z } from 'zod'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { completeUpload } from './complete-upload.service.ts'
import { receiveRest } from './receive-part.service.ts'
import { serializeUpload } from './upload.serializer.ts'
import { requireOpen, requireUpload } from './upload-parts.ts'

export const putUploadContent = defineRoute({
  method: 'PUT',
  path: '/v1/uploads/{upload_id}/content',
  operationId: 'putUploadContent',
  tag: 'uploads',
  summary: 'Send a file in one request',
  description:
    'The whole file, or its rest from `next_offset` on: where the body begins follows from its length, or from the header `Content-Range` ' +
    '(`curl --upload-file F --continue-at OFFSET`). Where the connection breaks off, the parts before stay. Completes the upload.',
  scope: 'write',
  params: idParams('upload'),
  body: z.string().meta({ format: 'binary' }),
  streams: 'application/octet-stream',
  bodyBytesMax: ({ limits }) => limits.uploadBytesMax,
  responses: { 200: { description: 'The upload, complete.', schema: uploadSchema } },
  errors: ['conflict', 'malformed_upload', 'executable_format', 'invalid_data', 'storage_full'],
  handler: async ({ params: { upload_id: uploadId }, deps, request, reply, transaction }) => {
    const upload = await transaction((tx) => requireOpen(tx, uploadId))
    await receiveRest({ ...deps, request, reply, uploadId, upload })
    const whole = await transaction((tx) => requireUpload(tx, uploadId))
    return serializeUpload(await completeUpload(deps.database, deps.storage, whole))
  },
})
