import { runState, sqlOfTransaction } from '@trainyard/database'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { ACTION_RESPONSE, actOnJob } from './job-actions.service.ts'

export const resumeJob = defineRoute({
  method: 'POST',
  path: '/v1/jobs/{job_id}/resume',
  operationId: 'resumeJob',
  tag: 'jobs',
  summary: 'Resume a paused job',
  description:
    'Its runs wait for a worker again and go on from their last checkpoint, with the bits that they would have had without the pause. A ' +
    'pause that was requested and has not begun is withdrawn. Asking again changes nothing.',
  scope: 'write',
  params: idParams('job'),
  responses: { 202: ACTION_RESPONSE },
  errors: ['conflict', 'precondition_failed'],
  handler: (context) =>
    actOnJob(context, 'resume', 202, async (tx, id) => {
      await runState.resumeJob(sqlOfTransaction(tx), id)
      return id
    }),
})
