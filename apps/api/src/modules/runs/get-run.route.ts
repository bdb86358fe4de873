import { runSchema } from '@trainyard/contracts'
import { runs } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeRun } from './run.serializer.ts'

export const getRun = defineRoute({
  method: 'GET',
  path: '/v1/runs/{run_id}',
  operationId: 'getRun',
  tag: 'runs',
  summary: 'Get a run',
  description: 'One execution of a job: its plan, progress, newest metrics, result and newest checkpoint.',
  scope: 'read',
  params: idParams('run'),
  responses: { 200: { description: 'The run.', schema: runSchema } },
  handler: ({ params, transaction }) =>
    transaction(async (tx) => {
      const run = found(await runs.find(tx, uuidOf('run', params.run_id)), params.run_id)
      return serializeRun(run, await runs.readMetrics(tx, run.id))
    }),
})
