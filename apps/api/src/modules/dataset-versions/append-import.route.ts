import { appendImportSchema, datasetVersionSchema, newUuid } from '@trainyard/contracts'
import { uuidOf } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { appendTo } from './append-base.service.ts'
import { importVersion } from './import-version.service.ts'
import { versionParams } from './version-files.service.ts'

export const appendImport = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/append/import',
  operationId: 'appendImport',
  tag: 'datasets',
  summary: 'Append uploads or URLs to a version',
  description: 'As appending the files of a form, of uploads that are complete or of URLs that the preparation fetches.',
  scope: 'write',
  params: versionParams,
  body: appendImportSchema,
  bodyExamples: { url: { sources: { file: { url: 'https://example.org/more.csv' } }, options: { new_classes: true } } },
  responses: { 201: { description: 'The new version, in preparation.', schema: datasetVersionSchema } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: ({ params, body, deps, once, principal }) =>
    once(201, async (tx) => {
      const preparation = await appendTo(tx, params, body.options)
      const version = { id: newUuid(), projectId: principal.projectId, datasetId: uuidOf('dataset', params.dataset_id) }
      return importVersion(tx, version, body.sources, preparation, deps.importPolicy)
    }),
})
