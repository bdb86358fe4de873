import { jobSchema } from '@trainyard/contracts'
import { jobs } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeJob } from './job.serializer.ts'

export const getJob = defineRoute({
  method: 'GET',
  path: '/v1/jobs/{job_id}',
  operationId: 'getJob',
  tag: 'jobs',
  summary: 'Get a job',
  description: 'State, progress with the time that remains, newest metrics, result or failure. Poll it until `terminal` is true.',
  scope: 'read',
  params: idParams('job'),
  responses: { 200: { description: 'The job.', schema: jobSchema } },
  handler: async ({ params, sql }) => serializeJob(found(await jobs.find(sql, uuidOf('job', params.job_id)), params.job_id)),
})
