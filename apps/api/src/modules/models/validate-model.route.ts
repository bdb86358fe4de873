import { modelLayerSchema } from '@trainyard/contracts'
import { modelSpecSchema } from '@trainyard/engine/spec'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { describeModel } from './model.serializer.ts'
import { parseParts, parseSpec } from './parse-model.ts'

const validateModelSchema = z.strictObject({ spec: modelSpecSchema })
const modelValidationSchema = z.object({
  object: z.literal('model_validation'),
  spec: modelSpecSchema.meta({ description: 'With all defaults filled in.' }),
  parameters: z.int(),
  layers: z.array(modelLayerSchema),
})

export const validateModel = defineRoute({
  method: 'POST',
  path: '/v1/models/validate',
  operationId: 'validateModel',
  tag: 'models',
  summary: 'Check a model without storing it',
  description: 'Returns its layers with shapes, parameters and operations for one row, or every mistake.',
  scope: 'read',
  body: validateModelSchema,
  parseBody: (body) => parseParts(validateModelSchema, body, { spec: parseSpec }),
  bodyExamples: { lenet5: { spec: { version: 1, preset: { name: 'lenet5', options: { activation: 'tanh' } } } } },
  responses: { 200: { description: 'The model is valid.', schema: modelValidationSchema } },
  errors: ['invalid_model'],
  handler: ({ body: { spec }, once }) => once(200, async () => ({ object: 'model_validation', spec, ...describeModel(spec) })),
})
