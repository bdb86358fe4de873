// A version and its preparation, of files that are stored already or of those that it is appended to.

import type { DatasetVersion, PrepareOptions, RunConfigOf } from '@trainyard/contracts'
import { datasetVersions, jobs, type NewUpload, type Tx, uploads as uploadRows } from '@trainyard/database'
import { serializeDatasetVersion } from './dataset-version.serializer.ts'

type Source = RunConfigOf<'prepare'>['sources'][number]

export interface NewVersion {
  readonly id: string
  readonly projectId: string
  readonly datasetId: string
}

export interface Preparation {
  readonly options: PrepareOptions
  /** The version that is appended to. */
  readonly base?: {
    readonly id: string
    /** All files that it is made of. */
    readonly sources: readonly Source[]
    readonly newClasses: boolean
  }
}

/** Which of the version's files the new ones are. */
export function partOf({ base }: Preparation): number {
  return base === undefined ? 0 : 1 + Math.max(...base.sources.map(({ part = 0 }) => part))
}

export function baseKeys({ base }: Preparation) {
  return base === undefined ? undefined : { id: base.id, keys: base.sources.map(({ key }) => key) }
}

export function prepareConfig({ id }: NewVersion, sources: readonly Source[], preparation: Preparation): RunConfigOf<'prepare'> {
  const { options, base } = preparation
  const config = { kind: 'prepare' as const, dataset_version_id: id, options }
  if (base === undefined) return { ...config, sources: [...sources] }
  const part = partOf(preparation)
  return {
    ...config,
    sources: [...base.sources, ...sources.map((source) => ({ ...source, part }))],
    base: { dataset_version_id: base.id, new_classes: base.newClasses },
  }
}

/** The version, its job and the message that wakes a worker: one transaction. */
export async function createVersion(
  tx: Tx,
  version: NewVersion,
  uploads: readonly NewUpload[],
  preparation: Preparation,
): Promise<DatasetVersion> {
  const sources = uploads.map(({ role, objectKey, fileName, bytes }) => ({ role, key: objectKey, file_name: fileName, bytes }))
  const { projectId } = version
  await uploadRows.requireSpace(
    tx,
    projectId,
    uploads.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  const job = await jobs.submit(tx, {
    projectId,
    kind: 'prepare',
    name: null,
    config: { kind: 'prepare', options: preparation.options },
    runs: [prepareConfig(version, sources, preparation)],
  })
  const created = { ...version, jobId: job.id, base: baseKeys(preparation), part: partOf(preparation), uploads }
  return serializeDatasetVersion(await datasetVersions.create(tx, created))
}
