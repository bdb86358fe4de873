import { uploadSchema } from '@trainyard/contracts'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { completeUpload as complete } from './complete-upload.service.ts'
import { serializeUpload } from './upload.serializer.ts'
import { requireUpload } from './upload-parts.ts'

export const completeUpload = defineRoute({
  method: 'POST',
  path: '/v1/uploads/{upload_id}/complete',
  operationId: 'completeUpload',
  tag: 'uploads',
  summary: 'Complete an upload',
  description:
    'All parts have been sent: they become one file. 409 lists the parts that are missing. A file whose SHA-256 is not the announced one is ' +
    'removed. Completing again what is complete changes nothing.',
  scope: 'write',
  params: idParams('upload'),
  responses: { 200: { description: 'The upload, complete.', schema: uploadSchema } },
  errors: ['conflict', 'invalid_data', 'storage_full'],
  handler: async ({ params, deps, transaction }) => {
    const upload = await transaction((tx) => requireUpload(tx, params.upload_id))
    return serializeUpload(await complete(deps.database, deps.storage, upload))
  },
})
