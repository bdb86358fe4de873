import { datasetVersionSchema, importVersionSchema, newUuid } from '@trainyard/contracts'
import { datasets } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { importVersion } from './import-version.service.ts'

export const importDatasetVersion = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset_id}/versions/import',
  operationId: 'importDatasetVersion',
  tag: 'datasets',
  summary: 'Make a version of uploads or URLs',
  description:
    'Each source is an upload that is complete, or a URL. What a URL names is fetched by the preparation, which fails with the reason where it ' +
    'cannot be had; hosts that are not public are refused.',
  scope: 'write',
  params: idParams('dataset'),
  body: importVersionSchema,
  bodyExamples: {
    url: { sources: { file: { url: 'https://archive.ics.uci.edu/static/public/53/data.csv' } }, options: { target: 'class' } },
  },
  responses: { 201: { description: 'The version, in preparation.', schema: datasetVersionSchema } },
  errors: ['conflict'],
  handler: ({ params, body, deps, once, principal }) =>
    once(201, async (tx) => {
      const dataset = found(await datasets.find(tx, uuidOf('dataset', params.dataset_id)), params.dataset_id)
      return importVersion(
        tx,
        { id: newUuid(), projectId: principal.projectId, datasetId: dataset.id },
        body.sources,
        body,
        deps.importPolicy,
      )
    }),
})
