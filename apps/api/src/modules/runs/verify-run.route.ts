import { jobSchema, verifyRunSchema } from '@trainyard/contracts'
import { idParams, uuidOf } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeJob } from '../jobs/job.serializer.ts'
import { submitVerification } from './verify-run.service.ts'

export const verifyRun = defineRoute({
  method: 'POST',
  path: '/v1/runs/{run_id}/verify',
  operationId: 'verifyRun',
  tag: 'runs',
  summary: 'Verify a run',
  description:
    'A job that trains the steps between two checkpoints of the run again and compares the result with the second one, bit by bit: its `result` ' +
    'has both digests, and whether what decides the bits (`fingerprint`) is that of the run. Default: the last interval.',
  scope: 'write',
  params: idParams('run'),
  body: verifyRunSchema,
  bodyExamples: { last_interval: {} },
  responses: { 201: { description: 'The job, queued.', schema: jobSchema } },
  errors: ['conflict'],
  handler: ({ params: { run_id }, body, once, principal: { projectId } }) =>
    once(201, async (tx) => serializeJob(await submitVerification(tx, projectId, uuidOf('run', run_id), body))),
})
