import { jobSchema, submitJobSchema } from '@trainyard/contracts'
import { jobs } from '@trainyard/database'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { serializeJob } from './job.serializer.ts'
import { jobValidationSchema, serializeValidation } from './job-validation.serializer.ts'
import { parseSubmission } from './parse-submission.ts'
import { resolveJob } from './resolve-job.service.ts'
import { SUBMISSION_EXAMPLES } from './submission.examples.ts'

const booleanQuerySchema = z.enum(['true', 'false']).default('false')

export const submitJob = defineRoute({
  method: 'POST',
  path: '/v1/jobs',
  operationId: 'submitJob',
  tag: 'jobs',
  summary: 'Submit a job',
  description:
    'Training (`kind: "train"`), from scratch or from a checkpoint (`transfer`), or evaluation of a checkpoint (`kind: "evaluate"`). Model, ' +
    'data, training and checkpoint are checked against each other, and every mistake is reported. `?validate_only=true` runs every check, ' +
    'returns what the job would do and cost, and creates nothing.',
  scope: 'write',
  query: z.strictObject({ validate_only: booleanQuerySchema }),
  body: submitJobSchema,
  parseBody: parseSubmission,
  bodyExamples: SUBMISSION_EXAMPLES,
  responses: {
    201: { description: 'The job, queued.', schema: jobSchema },
    200: { description: 'With validate_only: the job would be accepted.', schema: jobValidationSchema },
  },
  errors: ['invalid_model', 'invalid_training', 'dataset_not_ready'],
  handler: ({ query, body, once, principal: { projectId } }) => {
    if (query.validate_only === 'true') return once(200, async (tx) => serializeValidation(await resolveJob(tx, body)))
    return once(201, async (tx) => {
      const { config } = await resolveJob(tx, body)
      const { kind, name = null, priority, max_runtime_s: maxRuntimeS } = body
      return serializeJob(await jobs.submit(tx, { projectId, kind, name, config: body, runs: [config], priority, maxRuntimeS }))
    })
  },
})
