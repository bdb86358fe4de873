import { createHash } from 'node:crypto'
import { createModelSchema, modelSchema } from '@trainyard/contracts'
import { models } from '@trainyard/database'
import { defineRoute } from '../../http/route.ts'
import { canonicalJson } from './canonical-json.ts'
import { describeModel, serializeModel } from './model.serializer.ts'
import { parseParts, parseSpec } from './parse-model.ts'

export const createModel = defineRoute({
  method: 'POST',
  path: '/v1/models',
  operationId: 'createModel',
  tag: 'models',
  summary: 'Store a model',
  description: 'The next version of its name; the newest one again when its specification is the same. All mistakes are reported at once.',
  scope: 'write',
  body: createModelSchema,
  parseBody: (body) => parseParts(createModelSchema, body, { spec: parseSpec }),
  bodyExamples: {
    preset: { name: 'digits', spec: { version: 1, preset: { name: 'lenet5' } } },
    layers: {
      name: 'xor',
      spec: { version: 1, input: { shape: [2] }, layers: [{ type: 'dense', units: 8 }, { type: 'tanh' }, { type: 'dense', units: 2 }] },
    },
  },
  responses: { 201: { description: 'The model.', schema: modelSchema } },
  errors: ['invalid_model'],
  handler: ({ body: { name, spec }, once, principal: { projectId } }) => {
    const specHash = createHash('sha256').update(canonicalJson(spec)).digest('hex')
    return once(201, async (tx) => serializeModel(await models.create(tx, { projectId, name, spec, specHash, ...describeModel(spec) })))
  },
})
