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
  file: filePart(
    'CSV, TSV, JSONL, NPY, NPZ, Parquet, safetensors, or a zip or tar of images; what it is, its first bytes say. gzip around it is unpacked.',
  ),
  train_images: filePart('Instead of file: images as IDX, plain or gzip.'),
  train_labels: filePart('Their labels, in the same order.'),
  test_images: filePart('The test split, if there is one; with test_labels.'),
  test_labels: filePart('With test_images.'),
})
const uploadFormSchema = uploadFilesSchema.extend({ options: prepareOptionsSchema.optional() })

export const createDatasetVersion = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset_id}/versions',
  operationId: 'createDatasetVersion',
  tag: 'datasets',
  summary: 'Upload a version',
  description:
    'Multipart: one file of any format as file, or images and labels apart as train_images, train_labels and, if there are any, test_images and ' +
    'test_labels; and options as JSON. The version is "preparing" until its job has read, checked and split the data. An upload that is aborted ' +
    'or refused leaves nothing behind.',
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
        return receiveUpload(request, reply, deps.storage, version.id, prepareOptionsSchema)
      },
      commit: (tx, { uploads, options }) => createVersion(tx, version, uploads, { options }),
      undo: ({ uploads }) => discardUpload(deps.storage, uploads),
    })
  },
})
