import { datasetReportSchema, toWireId } from '@trainyard/contracts'
import { defineRoute } from '../../http/route.ts'
import { reportOfFailure } from './dataset-report.serializer.ts'
import { findVersion, readAnalysis, requireManifest, versionParams } from './version-files.service.ts'

export const getDatasetReport = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/report',
  operationId: 'getDatasetReport',
  tag: 'datasets',
  summary: 'Get the validation report of a version',
  description:
    'Problems of the upload, grouped and counted, with the first rows of each; and leakage: copies across splits, conflicting labels, columns ' +
    'that give the target away. Also of a version that failed.',
  scope: 'read',
  params: versionParams,
  responses: { 200: { description: 'The report.', schema: datasetReportSchema } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, deps, transaction }) => {
    const version = await transaction((tx) => findVersion(tx, params))
    const id = toWireId('dataset_version', version.id)
    if (version.failure !== null) return reportOfFailure(id, version.failure)
    const analysis = await readAnalysis(deps.storage, requireManifest(version))
    if (analysis === null) return reportOfFailure(id, null)
    const { format: _format, profile: _profile, ...report } = analysis
    return { object: 'dataset_report', dataset_version_id: id, status: version.status, ...report }
  },
})
