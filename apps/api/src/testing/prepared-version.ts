// Versions that are really prepared and really stored, without a worker.

import { join } from 'node:path'
import { newUuid, type PrepareOptionsInput, prepareOptionsSchema, toWireId } from '@trainyard/contracts'
import { datasets, datasetVersions, jobs } from '@trainyard/database'
import { type DataSource, prepareDataset } from '@trainyard/datasets'
import { completeJob } from './fixtures.ts'
import type { TestApi } from './test-api.ts'

/** @returns the version's path */
export async function submitPreparation(api: TestApi, options: PrepareOptionsInput): Promise<{ path: string; jobId: string }> {
  const id = newUuid()
  const projectId = api.project.id
  return await api.database.withProject(projectId, async (tx) => {
    const dataset = await datasets.create(tx, { projectId, name: 'seen', description: '' })
    const sources = [{ role: 'file' as const, key: `uploads/${id}/file`, file_name: 'data.csv', bytes: 10 }]
    const config = { kind: 'prepare' as const, dataset_version_id: id, sources, options: prepareOptionsSchema.parse(options) }
    const job = await jobs.submit(tx, { projectId, kind: 'prepare', name: null, config, runs: [config] })
    await datasetVersions.create(tx, { id, projectId, datasetId: dataset.id, jobId: job.id, uploads: [] })
    return { path: `/v1/datasets/${toWireId('dataset', dataset.id)}/versions/${toWireId('dataset_version', id)}`, jobId: job.id }
  })
}

/** Prepares as a trainer does, stores as a supervisor does. @returns the version's path */
export async function preparedVersion(
  api: TestApi,
  folder: string,
  sources: readonly DataSource[],
  options: PrepareOptionsInput,
): Promise<string> {
  const { path, jobId } = await submitPreparation(api, options)
  const outDir = join(folder, newUuid())
  const { manifest, files } = await prepareDataset({ sources, options, outDir, keyPrefix: `datasets/${api.project.id}/` })
  for (const file of files) await api.storage.putFile(file.key, file.path)
  await completeJob(api.database, jobId, { kind: 'prepare', rows: 1, digest: manifest.digest }, { manifest })
  return path
}
