import { datasetProfileResourceSchema, toWireId } from '@trainyard/contracts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { findVersion, readAnalysis, requireManifest, versionParams } from './version-files.service.ts'

export const getDatasetProfile = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/profile',
  operationId: 'getDatasetProfile',
  tag: 'datasets',
  summary: 'Get the profile of a version',
  description: 'Per column type, missing and different values, moments, quantiles, histogram; class balance; sizes and channels of images.',
  scope: 'read',
  params: versionParams,
  responses: { 200: { description: 'The profile.', schema: datasetProfileResourceSchema } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, deps, transaction }) => {
    const version = await transaction((tx) => findVersion(tx, params))
    const analysis = found(await readAnalysis(deps.storage, requireManifest(version)), 'profile')
    return { object: 'dataset_profile', dataset_version_id: toWireId('dataset_version', version.id), ...analysis.profile }
  },
})
