import { jobSchema } from '@trainyard/contracts'
import { jobs, runState, sqlOfTransaction } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeJob } from './job.serializer.ts'

export const cancelJob = defineRoute({
  method: 'POST',
  path: '/v1/jobs/{job_id}/cancel',
  operationId: 'cancelJob',
  tag: 'jobs',
  summary: 'Cancel a job',
  description: 'Runs that wait end at once, running ones after their current step. Asking again, or after the end, changes nothing.',
  scope: 'write',
  params: idParams('job'),
  responses: { 202: { description: 'The job, as it is now.', schema: jobSchema } },
  handler: ({ params, once }) =>
    once(202, async (tx) => {
      const { id } = found(await jobs.find(tx, uuidOf('job', params.job_id)), params.job_id)
      await runState.cancelJob(sqlOfTransaction(tx), id)
      return serializeJob(found(await jobs.find(tx, id), params.job_id))
    }),
})
