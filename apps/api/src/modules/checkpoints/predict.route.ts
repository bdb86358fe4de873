import { IS_TERMINAL, idSchema, jobSchema, predictionSchema, predictRequestSchema, toWireId } from '@trainyard/contracts'
import { z } from 'zod'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeJob } from '../jobs/job.serializer.ts'
import { waitForJob } from '../jobs/wait-for-job.service.ts'
import { parsePrediction } from './parse-prediction.ts'
import { predictionsOf, submitPrediction } from './predict.service.ts'

const predictionsSchema = z.object({
  object: z.literal('predictions'),
  job_id: idSchema('job'),
  predictions: z.array(predictionSchema).meta({ description: 'One for each input, in order.' }),
})

export const predict = defineRoute({
  method: 'POST',
  path: '/v1/checkpoints/{checkpoint_id}/predict',
  operationId: 'predict',
  tag: 'checkpoints',
  summary: 'Predict with a checkpoint',
  description:
    'Takes raw samples, as the dataset had them: the normalization of the training is applied. Waits up to 25 s for the predictions; after ' +
    'that the answer is the job (202), whose `result` will hold them.',
  scope: 'write',
  params: idParams('checkpoint'),
  body: predictRequestSchema,
  parseBody: parsePrediction,
  bodyBytesMax: ({ limits }) => limits.predictBytesMax,
  bodyExamples: {
    xor: {
      inputs: [
        [0, 1],
        [1, 1],
      ],
      top_k: 2,
    },
    table: { inputs: [{ sepal_length: 5.1, sepal_width: 3.5, petal_length: null, petal_width: 0.2 }], top_k: 3 },
  },
  responses: {
    200: { description: 'The predictions.', schema: predictionsSchema },
    202: { description: 'They are not ready yet: the job.', schema: jobSchema },
  },
  errors: ['conflict', 'engine_failure'],
  handler: async (context) => {
    const { params, body, once, principal, reply } = context
    const stored = await once(202, async (tx) => ({ id: await submitPrediction(tx, principal.projectId, params.checkpoint_id, body) }))
    const job = await waitForJob(context, stored.id)
    const predictions = predictionsOf(job)
    if (predictions === null || !IS_TERMINAL[job.state]) return serializeJob(job)
    reply.code(200)
    return { object: 'predictions', job_id: toWireId('job', job.id), predictions }
  },
})
