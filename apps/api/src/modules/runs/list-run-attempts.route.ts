import { attemptSchema, listSchema } from '@trainyard/contracts'
import { attempts, runs } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeAttempt } from './attempt.serializer.ts'

export const listRunAttempts = defineRoute({
  method: 'GET',
  path: '/v1/runs/{run_id}/attempts',
  operationId: 'listRunAttempts',
  tag: 'runs',
  summary: 'List the attempts of a run',
  description:
    'Each time that a worker took the run up: where, from which step, how it ended and why. Newest first, unless `order` says otherwise.',
  scope: 'read',
  params: idParams('run'),
  query: pageQueryOf('attempt'),
  responses: { 200: { description: 'A page of attempts.', schema: listSchema(attemptSchema) } },
  handler: ({ params, query, transaction }) =>
    transaction(async (tx) => {
      const { id } = found(await runs.find(tx, uuidOf('run', params.run_id)), params.run_id)
      return toList(await attempts.list(tx, id, pageRequest('attempt', query)), serializeAttempt)
    }),
})
