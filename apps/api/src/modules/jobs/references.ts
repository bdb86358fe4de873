// What a submission refers to, looked up in its project. A reference that leads nowhere is a mistake like any other: all are found at once.

import { type DatasetManifest, fromWireId } from '@trainyard/contracts'
import { checkpoints, type DatasetVersionRecord, datasets, datasetVersions, models, runs, type Tx } from '@trainyard/database'
import type { ModelSpec, TrainingConfig } from '@trainyard/engine/spec'
import type { Issue } from '@trainyard/errors'

export const NOT_READY = 'dataset_not_ready'

function missingReference(path: string, id: string): Issue {
  return { path, code: 'not_found', message: `There is no ${id} in this project.`, hint: 'Check the id.' }
}

export interface ReadyVersion {
  readonly id: string
  readonly manifest: DatasetManifest
}

/** A ready version, by its id or as the newest of a dataset. */
export async function findReadyVersion(tx: Tx, id: string, path: string, issues: Issue[]): Promise<ReadyVersion | null> {
  const datasetId = fromWireId('dataset', id)
  const versionId = fromWireId('dataset_version', id)
  if (datasetId !== null) {
    if ((await datasets.find(tx, datasetId)) === null) return report(issues, missingReference(path, id))
    const version = await datasetVersions.findLatest(tx, datasetId)
    if (version !== null && (await datasetVersions.holdForUse(tx, version.id))) return requireReady(version, id, path, issues)
    const hint = 'Upload one, and wait until its status is "ready".'
    return report(issues, { path, code: NOT_READY, message: `${id} has no version that is ready.`, hint })
  }
  const version = versionId === null ? null : await datasetVersions.find(tx, versionId)
  const isHeld = version !== null && (await datasetVersions.holdForUse(tx, version.id))
  return isHeld ? requireReady(version, id, path, issues) : report(issues, missingReference(path, id))
}

function requireReady(
  { id, status, manifest, failure }: DatasetVersionRecord,
  name: string,
  path: string,
  issues: Issue[],
): ReadyVersion | null {
  if (manifest !== null) return { id, manifest }
  if (status === 'failed') {
    const message = `The preparation of ${name} failed: ${failure?.message ?? 'no reason is known'}`
    return report(issues, { path, code: 'dataset_failed', message, hint: failure?.hint ?? 'Upload the data again.' })
  }
  return report(issues, { path, code: NOT_READY, message: `${name} is still being prepared.`, hint: 'Wait until its status is "ready".' })
}

export async function findSpec(tx: Tx, model: ModelSpec | string, path: string, issues: Issue[]): Promise<ModelSpec | null> {
  if (typeof model !== 'string') return model
  const id = fromWireId('model', model)
  const row = id === null ? null : await models.find(tx, id)
  return row === null ? report(issues, missingReference(path, model)) : row.spec
}

export interface TrainedCheckpoint {
  readonly id: string
  /** What it was trained as. */
  readonly spec: ModelSpec
  readonly training: TrainingConfig
  readonly datasetVersionId: string
}

export async function findTrainedCheckpoint(tx: Tx, id: string, path: string, issues: Issue[]): Promise<TrainedCheckpoint | null> {
  const uuid = fromWireId('checkpoint', id)
  const checkpoint = uuid === null ? null : await checkpoints.find(tx, uuid)
  const run = checkpoint === null ? null : await runs.find(tx, checkpoint.runId)
  if (checkpoint === null || run?.config.kind !== 'train') return report(issues, missingReference(path, id))
  const { spec, training, dataset_version_id: datasetVersionId } = run.config
  return { id: checkpoint.id, spec, training, datasetVersionId }
}

function report(issues: Issue[], issue: Issue): null {
  issues.push(issue)
  return null
}
