import { runState, sqlOfTransaction } from '@trainyard/database'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { ACTION_RESPONSE, actOnJob } from './job-actions.service.ts'

export const cancelJob = defineRoute({
  method: 'POST',
  path: '/v1/jobs/{job_id}/cancel',
  operationId: 'cancelJob',
  tag: 'jobs',
  summary: 'Cancel a job',
  description: 'Runs that wait end at once, running ones after their current step. Asking again, or after the end, changes nothing.',
  scope: 'write',
  params: idParams('job'),
  responses: { 202: ACTION_RESPONSE },
  errors: ['precondition_failed'],
  handler: (context) =>
    actOnJob(context, 'cancel', 202, async (tx, id) => {
      await runState.cancelJob(sqlOfTransaction(tx), id)
      return id
    }),
})
