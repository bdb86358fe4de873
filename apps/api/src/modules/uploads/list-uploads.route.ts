import { listSchema, uploadSchema } from '@trainyard/contracts'
import { uploads } from '@trainyard/database'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeUpload } from './upload.serializer.ts'

export const listUploads = defineRoute({
  method: 'GET',
  path: '/v1/uploads',
  operationId: 'listUploads',
  tag: 'uploads',
  summary: 'List uploads',
  description: 'Newest first, unless `order` says otherwise.',
  scope: 'read',
  query: pageQueryOf('upload'),
  responses: { 200: { description: 'A page of uploads.', schema: listSchema(uploadSchema) } },
  handler: ({ query, transaction }) =>
    transaction(async (tx) => toList(await uploads.list(tx, pageRequest('upload', query)), serializeUpload)),
})
