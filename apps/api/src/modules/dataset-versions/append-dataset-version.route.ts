import { appendOptionsSchema, datasetVersionSchema, newUuid } from '@trainyard/contracts'
import { uuidOf } from '../../http/ids.ts'
import { onceAround } from '../../http/once.ts'
import { defineRoute } from '../../http/route.ts'
import { appendTo } from './append-base.service.ts'
import { uploadFilesSchema } from './create-dataset-version.route.ts'
import { createVersion } from './create-version.service.ts'
import { discardUpload, receiveUpload } from './receive-upload.service.ts'
import { versionParams } from './version-files.service.ts'

const appendFormSchema = uploadFilesSchema.extend({ options: appendOptionsSchema.optional() })

export const appendDatasetVersion = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/append',
  operationId: 'appendDatasetVersion',
  tag: 'datasets',
  summary: 'Append rows to a version',
  description:
    'Makes a new version of the rows of this one and of the files of the form, with the options of this one. Rows keep their split; of the new ' +
    'ones as many are drawn for each split as all rows together lack. Columns are found by name. The version itself does not change.',
  scope: 'write',
  params: versionParams,
  body: appendFormSchema,
  streams: 'multipart/form-data',
  bodyBytesMax: ({ limits }) => limits.uploadBytesMax * 5,
  responses: { 201: { description: 'The new version, in preparation.', schema: datasetVersionSchema } },
  errors: ['quota_exceeded', 'malformed_upload', 'executable_format', 'invalid_data', 'storage_full', 'dataset_not_ready', 'conflict'],
  handler: async ({ params, deps, request, reply, transaction, principal }) => {
    const version = { id: newUuid(), projectId: principal.projectId, datasetId: uuidOf('dataset', params.dataset_id) }
    return onceAround(deps, request, reply, 201, {
      prepare: async () => {
        // Before anything is sent in vain.
        await transaction((tx) => appendTo(tx, params, { new_classes: false }))
        return receiveUpload(request, reply, deps.storage, version.id, appendOptionsSchema)
      },
      commit: async (tx, { uploads, options }) => createVersion(tx, version, uploads, await appendTo(tx, params, options)),
      undo: ({ uploads }) => discardUpload(deps.storage, uploads),
    })
  },
})
