import { runState, sqlOfTransaction } from '@trainyard/database'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { ACTION_RESPONSE, actOnJob } from './job-actions.service.ts'

export const pauseJob = defineRoute({
  method: 'POST',
  path: '/v1/jobs/{job_id}/pause',
  operationId: 'pauseJob',
  tag: 'jobs',
  summary: 'Pause a job',
  description:
    'Runs that wait are held at once; running ones save a checkpoint after their current step and stop (`pause_requested` until then). A ' +
    'paused job holds no worker. Asking again changes nothing.',
  scope: 'write',
  params: idParams('job'),
  responses: { 202: ACTION_RESPONSE },
  errors: ['conflict', 'precondition_failed'],
  handler: (context) =>
    actOnJob(context, 'pause', 202, async (tx, id) => {
      await runState.pauseJob(sqlOfTransaction(tx), id)
      return id
    }),
})
