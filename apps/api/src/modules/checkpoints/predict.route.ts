import { jobSchema, predictRequestSchema } from '@trainyard/contracts'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { parsePrediction } from './parse-prediction.ts'
import { answerPrediction, predictionsSchema, submitPrediction } from './predict.service.ts'

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
    const { params, body, once, principal } = context
    const stored = await once(202, async (tx) => ({ id: await submitPrediction(tx, principal.projectId, params.checkpoint_id, body) }))
    return await answerPrediction(context, stored.id)
  },
})
