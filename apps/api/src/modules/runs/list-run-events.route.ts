import { eventSchema, listSchema, PAGE_LIMIT_MAX } from '@trainyard/contracts'
import { runEvents, runs } from '@trainyard/database'
import { z } from 'zod'
import { idParams, uuidOf } from '../../http/ids.ts'
import { toList } from '../../http/page.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeEvent } from './event.serializer.ts'

const eventsQuerySchema = z.strictObject({
  after_seq: z.coerce.number().int().min(0).max(2_147_483_647).default(0).meta({ description: 'Only events behind this one.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .default(PAGE_LIMIT_MAX)
    .transform((n) => Math.min(n, PAGE_LIMIT_MAX)),
})

export const listRunEvents = defineRoute({
  method: 'GET',
  path: '/v1/runs/{run_id}/events',
  operationId: 'listRunEvents',
  tag: 'runs',
  summary: 'List the events of a run',
  description: 'What happened, in order. `after_seq` continues from the last event seen.',
  scope: 'read',
  params: idParams('run'),
  query: eventsQuerySchema,
  responses: { 200: { description: 'Events, oldest first.', schema: listSchema(eventSchema) } },
  handler: ({ params, query: { after_seq, limit }, transaction }) =>
    transaction(async (tx) => {
      const run = found(await runs.find(tx, uuidOf('run', params.run_id)), params.run_id)
      const rows = await runEvents.listAfter(tx, run.id, after_seq, limit + 1)
      return toList({ data: rows.slice(0, limit), hasMore: rows.length > limit }, serializeEvent)
    }),
})
