import { createDatasetSchema, datasetSchema } from '@trainyard/contracts'
import { datasets } from '@trainyard/database'
import { defineRoute } from '../../http/route.ts'
import { serializeDataset } from './dataset.serializer.ts'

export const createDataset = defineRoute({
  method: 'POST',
  path: '/v1/datasets',
  operationId: 'createDataset',
  tag: 'datasets',
  summary: 'Create a dataset',
  description: 'An empty one: its data comes with POST /v1/datasets/{dataset_id}/versions.',
  scope: 'write',
  body: createDatasetSchema,
  bodyExamples: { mnist: { name: 'mnist', description: 'Handwritten digits, 28×28.' } },
  responses: { 201: { description: 'The dataset.', schema: datasetSchema } },
  handler: ({ body, once, principal }) =>
    once(201, async (tx) => serializeDataset(await datasets.create(tx, { projectId: principal.projectId, ...body }))),
})
