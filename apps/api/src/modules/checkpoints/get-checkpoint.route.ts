import { checkpointSchema } from '@trainyard/contracts'
import { checkpoints } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeCheckpoint } from './checkpoint.serializer.ts'

export const getCheckpoint = defineRoute({
  method: 'GET',
  path: '/v1/checkpoints/{checkpoint_id}',
  operationId: 'getCheckpoint',
  tag: 'checkpoints',
  summary: 'Get a checkpoint',
  description: 'Where it stands in its run, its metrics and the digest of its file.',
  scope: 'read',
  params: idParams('checkpoint'),
  responses: { 200: { description: 'The checkpoint.', schema: checkpointSchema } },
  handler: ({ params: { checkpoint_id }, transaction }) =>
    transaction(async (tx) => serializeCheckpoint(found(await checkpoints.find(tx, uuidOf('checkpoint', checkpoint_id)), checkpoint_id))),
})
