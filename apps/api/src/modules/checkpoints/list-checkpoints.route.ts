import { checkpointSchema, idSchema, listSchema } from '@trainyard/contracts'
import { checkpoints } from '@trainyard/database'
import { uuidOf } from '../../http/ids.ts'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeCheckpoint } from './checkpoint.serializer.ts'

const listCheckpointsQuerySchema = pageQueryOf('checkpoint').extend({
  run_id: idSchema('run').optional().meta({ description: 'Only those of this run.' }),
  job_id: idSchema('job').optional().meta({ description: 'Only those of this job.' }),
})

export const listCheckpoints = defineRoute({
  method: 'GET',
  path: '/v1/checkpoints',
  operationId: 'listCheckpoints',
  tag: 'checkpoints',
  summary: 'List checkpoints',
  description: 'Newest first, unless `order` says otherwise.',
  scope: 'read',
  query: listCheckpointsQuerySchema,
  responses: { 200: { description: 'A page of checkpoints.', schema: listSchema(checkpointSchema) } },
  handler: ({ query, transaction }) => {
    const runId = query.run_id && uuidOf('run', query.run_id)
    const jobId = query.job_id && uuidOf('job', query.job_id)
    return transaction(async (tx) =>
      toList(await checkpoints.list(tx, pageRequest('checkpoint', query), { runId, jobId }), serializeCheckpoint),
    )
  },
})
