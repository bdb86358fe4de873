import { jobKindSchema, jobSchema, jobStateSchema, listSchema } from '@trainyard/contracts'
import { jobs } from '@trainyard/database'
import { pageQueryOf, pageRequest, toList } from '../../http/page.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeJob } from './job.serializer.ts'

const listJobsQuerySchema = pageQueryOf('job').extend({
  state: jobStateSchema.optional(),
  kind: jobKindSchema.optional().meta({ description: 'Default: all but predictions.' }),
})

export const listJobs = defineRoute({
  method: 'GET',
  path: '/v1/jobs',
  operationId: 'listJobs',
  tag: 'jobs',
  summary: 'List jobs',
  description: 'Newest first, unless `order` says otherwise. Predictions are left out unless `kind=predict` asks for them.',
  scope: 'read',
  query: listJobsQuerySchema,
  responses: { 200: { description: 'A page of jobs.', schema: listSchema(jobSchema) } },
  handler: async ({ query, sql }) => {
    const filter = { kind: query.kind, state: query.state, excludeKinds: ['predict' as const] }
    return toList(await jobs.list(sql, pageRequest('job', query), filter), serializeJob)
  },
})
