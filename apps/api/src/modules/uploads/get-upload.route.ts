import { uploadSchema } from '@trainyard/contracts'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeUpload } from './upload.serializer.ts'
import { requireUpload } from './upload-parts.ts'

export const getUpload = defineRoute({
  method: 'GET',
  path: '/v1/uploads/{upload_id}',
  operationId: 'getUpload',
  tag: 'uploads',
  summary: 'Get an upload with its parts',
  description: 'After an interruption: the parts that have arrived. Those that are not listed must be sent again.',
  scope: 'read',
  params: idParams('upload'),
  responses: { 200: { description: 'The upload.', schema: uploadSchema } },
  handler: ({ params, transaction }) => transaction(async (tx) => serializeUpload(await requireUpload(tx, params.upload_id))),
})
