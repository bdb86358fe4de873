import { jobSchema } from '@trainyard/contracts'
import { z } from 'zod'
import { idParams } from '../../http/ids.ts'
import { onceAround } from '../../http/once.ts'
import { defineRoute } from '../../http/route.ts'
import { bodyBytes } from '../../plugins/held-bytes.ts'
import { answerPrediction, findCheckpoint, predictionsSchema, submitPictures } from './predict.service.ts'
import { PICTURES_MAX, receivePictures } from './receive-pictures.service.ts'

const querySchema = z.strictObject({
  top_k: z.coerce.number().int().min(1).max(1000).default(1).meta({ description: 'How many of the most likely classes to name.' }),
})

const formSchema = z.object({
  images: z
    .array(z.string().meta({ format: 'binary' }))
    .min(1)
    .max(PICTURES_MAX)
    .meta({ description: 'PNG, JPEG or WebP with 8 bits per channel.' }),
})

export const predictImages = defineRoute({
  method: 'POST',
  path: '/v1/checkpoints/{checkpoint_id}/predict/images',
  operationId: 'predictImages',
  tag: 'checkpoints',
  summary: 'Predict pictures with a checkpoint',
  description:
    `Multipart: pictures as parts \`images\`, up to ${PICTURES_MAX}. They are decoded as those of a dataset: turned by their EXIF orientation, brought to the ` +
    'size and colours that the model was trained on, and normalized by the transforms of the checkpoint. Predictions carry the names of the ' +
    'files. When some cannot be decoded, none is predicted, and the error has an issue for each. Waits up to 25 s, as `predict`.',
  scope: 'write',
  params: idParams('checkpoint'),
  query: querySchema,
  body: formSchema,
  streams: 'multipart/form-data',
  bodyBytesMax: ({ limits }) => limits.predictBytesMax,
  responses: {
    200: { description: 'The predictions, in the order of the files.', schema: predictionsSchema },
    202: { description: 'They are not ready yet: the job.', schema: jobSchema },
  },
  errors: ['conflict', 'engine_failure', 'malformed_upload', 'invalid_data'],
  handler: async (context) => {
    const { params, query, deps, request, reply, transaction, principal } = context
    request.server.heldBytes.hold(reply, bodyBytes(request))
    // Before anything is sent in vain.
    await transaction((tx) => findCheckpoint(tx, params.checkpoint_id))
    const stored = await onceAround(deps, request, reply, 202, {
      prepare: () => receivePictures(request, deps.limits.predictBytesMax),
      commit: async (tx, pictures) => ({
        id: await submitPictures(tx, principal.projectId, params.checkpoint_id, { pictures, top_k: query.top_k }),
      }),
      undo: async () => {},
    })
    return await answerPrediction(context, stored.id)
  },
})
