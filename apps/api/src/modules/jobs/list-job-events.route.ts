import { eventSchema, listSchema } from '@trainyard/contracts'
import { jobs } from '@trainyard/database'
import { z } from 'zod'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeEvent } from '../runs/event.serializer.ts'
import { streamJobEvents } from './event-stream.ts'
import { parsePosition, readJobEvents } from './job-events.service.ts'

const EVENTS_MAX = 1000

const jobEventsQuerySchema = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,9}(,\d{1,9})*$/, 'expected sequence numbers like 12')
    .optional()
    .meta({ description: 'Only events behind this position: the `id` of a streamed event, or `seq` where the job has one run.' }),
})

export const listJobEvents = defineRoute({
  method: 'GET',
  path: '/v1/jobs/{job_id}/events',
  operationId: 'listJobEvents',
  tag: 'jobs',
  summary: 'List or stream the events of a job',
  description:
    'As a list; or, with `accept: text/event-stream`, as Server-Sent Events that end when the job has ended. `Last-Event-ID` continues a ' +
    'stream that broke.',
  scope: 'read',
  params: idParams('job'),
  query: jobEventsQuerySchema,
  responses: { 200: { description: `Events, oldest first, at most ${EVENTS_MAX}.`, schema: listSchema(eventSchema) } },
  handler: async (context) => {
    const { params, query, request, sql, transaction } = context
    const id = uuidOf('job', params.job_id)
    const after = parsePosition(request.headers['last-event-id']?.toString() ?? query.after)
    const job = found(await jobs.find(sql, id), params.job_id)
    if (request.headers.accept?.includes('text/event-stream')) return streamJobEvents(context, job, after)
    const events = await transaction((tx) => readJobEvents(tx, job, after, EVENTS_MAX + 1))
    const data = events.slice(0, EVENTS_MAX).map(({ event }) => serializeEvent(event))
    const ids = { first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null }
    return { object: 'list', data, has_more: events.length > EVENTS_MAX, ...ids }
  },
})
