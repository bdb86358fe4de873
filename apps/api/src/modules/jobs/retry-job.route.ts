import { jobSchema, retryJobSchema } from '@trainyard/contracts'
import { retry } from '@trainyard/database'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { actOnJob } from './job-actions.service.ts'

export const retryJob = defineRoute({
  method: 'POST',
  path: '/v1/jobs/{job_id}/retry',
  operationId: 'retryJob',
  tag: 'jobs',
  summary: 'Retry a job that failed or was cancelled',
  description:
    'Makes a new job (`retry_of` names this one) that does the same. A training goes on from the last checkpoint of this job, if it has one, ' +
    'and takes over its metrics up to there; `resume: false` begins anew.',
  scope: 'write',
  params: idParams('job'),
  body: retryJobSchema,
  bodyExamples: { resume: {}, longer: { max_runtime_s: 7200 }, anew: { resume: false } },
  responses: { 201: { description: 'The new job, queued.', schema: jobSchema } },
  errors: ['conflict', 'precondition_failed'],
  handler: (context) => {
    const { resume, priority, max_runtime_s: maxRuntimeS } = context.body
    return actOnJob(context, 'retry', 201, async (tx, id) => (await retry(tx, id, { resume, priority, maxRuntimeS })).id)
  },
})
