import { datasetVersionSchema, newUuid, prepareOptionsSchema } from '@trainyard/contracts'
import { datasets } from '@trainyard/database'
import { z } from 'zod'
import { idParams, uuidOf } from '../../http/ids.ts'
import { onceAround } from '../../http/once.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { createVersion } from './create-version.service.ts'
import { discardUpload, receiveUpload } from './receive-upload.service.ts'

const filePart = (description: string) => z.string().meta({ format: 'binary', description }).optional()
export const uploadFilesSchema = z.object({
  train_images: filePart('IDX, plain or gzip.'),
  train_labels: filePart('IDX, plain or gzip.'),
  test_images: filePart('IDX, plain or gzip; with test_labels.'),
  test_labels: filePart('IDX, plain or gzip; with test_images.'),
  file: filePart('CSV, plain or gzip, instead of the four.'),
})
const uploadFormSchema = uploadFilesSchema.extend({
  options: z.string().optional().meta({ description: 'JSON: target, header, target_kind, test_fraction, seed.' }),
})

export const createDatasetVersion = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset_id}/versions',
  operationId: 'createDatasetVersion',
  tag: 'datasets',
  summary: 'Upload a version',
  description:
    'Multipart: either IDX files (train_images, train_labels and, if there are any, test_images and test_labels), or one CSV as file. The ' +
    'version is "preparing" until its job has read, checked and split the data. An upload that is aborted or refused leaves nothing behind.',
  scope: 'write',
  params: idParams('dataset'),
  body: uploadFormSchema,
  streams: 'multipart/form-data',
  bodyBytesMax: ({ limits }) => limits.uploadBytesMax * 5,
  responses: { 201: { description: 'The version, in preparation.', schema: datasetVersionSchema } },
  errors: ['quota_exceeded', 'malformed_upload', 'executable_format', 'invalid_data', 'storage_full'],
  handler: async ({ params, deps, request, reply, transaction, principal }) => {
    const version = { id: newUuid(), projectId: principal.projectId, datasetId: uuidOf('dataset', params.dataset_id) }
    return onceAround(deps, request, reply, 201, {
      prepare: async () => {
        // Before anything is sent in vain.
        found(await transaction((tx) => datasets.find(tx, version.datasetId)), params.dataset_id)
        return receiveUpload(request, deps.storage, version.id, prepareOptionsSchema)
      },
      commit: (tx, { uploads, options }) => createVersion(tx, version, uploads, { options }),
      undo: ({ uploads }) => discardUpload(deps.storage, uploads),
    })
  },
})
