// From a submission to what its run executes: every reference looked up, everything checked against everything, all mistakes at once.

import {
  describeTargets,
  fromWireId,
  type RunConfig,
  type RunConfigOf,
  resolveTraining,
  type SubmitJob,
  type Transfer,
} from '@trainyard/contracts'
import type { Tx } from '@trainyard/database'
import { checkTransforms, transformedColumns, transformedShape } from '@trainyard/datasets'
import {
  type ModelSpec,
  planTransfer,
  selectTrained,
  stateShapes,
  type TrainingConfig,
  type TransferStep,
  type ValidateTrainingOptions,
  validateTraining,
} from '@trainyard/engine/spec'
import { type Issue, TrainyardError } from '@trainyard/errors'
import { invalidRequest } from '../../http/parse.ts'
import { findReadyVersion, findSpec, findTrainedCheckpoint, NOT_READY, type ReadyVersion } from './references.ts'

export interface ResolvedJob {
  readonly config: RunConfig
  readonly dataset: ReadyVersion
  readonly transfer: readonly TransferStep[] | null
}

/** @throws TrainyardError with every mistake; nothing was written */
export async function resolveJob(tx: Tx, job: SubmitJob): Promise<ResolvedJob> {
  return job.kind === 'train' ? resolveTrain(tx, job) : resolveEvaluate(tx, job)
}

async function resolveTrain(tx: Tx, job: Extract<SubmitJob, { kind: 'train' }>): Promise<ResolvedJob> {
  const issues: Issue[] = []
  const dataset = await findReadyVersion(tx, job.dataset, 'dataset', issues)
  const spec = await findSpec(tx, job.model, 'model', issues)
  const source = job.transfer && (await findTrainedCheckpoint(tx, job.transfer.checkpoint_id, 'transfer.checkpoint_id', issues))
  const training = dataset && resolveTraining(job.training, dataset.manifest)
  if (spec !== null && dataset !== null && training !== null) issues.push(...validateOn(spec, training, dataset))
  const trained = spec && selectTrained(spec, job.training)
  const plan = trained && job.transfer && source ? planTransfer(stateShapes(source.spec), stateShapes(trained), job.transfer) : null
  issues.push(...(plan?.issues ?? []))
  if (issues.length > 0 || dataset === null || trained === null || training === null) throw refuse(issues)
  const transfer = job.transfer === undefined ? null : transferConfig(job.transfer)
  const config = { kind: 'train' as const, spec: trained, training, dataset_version_id: dataset.id, transfer }
  return { config, dataset, transfer: plan?.steps ?? null }
}

async function resolveEvaluate(tx: Tx, job: Extract<SubmitJob, { kind: 'evaluate' }>): Promise<ResolvedJob> {
  const issues: Issue[] = []
  const dataset = await findReadyVersion(tx, job.dataset, 'dataset', issues)
  const source = await findTrainedCheckpoint(tx, job.checkpoint_id, 'checkpoint_id', issues)
  if (dataset !== null && source !== null) {
    // Only what an evaluation depends on: nothing is trained, so nothing decides.
    const { early_stopping: _, ...trained } = source.training
    const isForHeads = trained.heads !== undefined
    const evaluate = { every_epochs: 1, top_k: trained.evaluate.top_k, metrics: isForHeads ? undefined : job.metrics }
    const training = { ...trained, batch_size: job.batch_size, schedule: { type: 'constant' as const }, evaluate }
    const paths = { modelPath: 'checkpoint.model', trainingPath: 'checkpoint.training' }
    issues.push(...validateOn(source.spec, training, dataset, paths))
  }
  const splits = Object.keys(dataset?.manifest.splits ?? {})
  if (dataset !== null && !splits.includes(job.split)) {
    const message = `The dataset has no split "${job.split}".`
    issues.push({ path: 'split', code: 'unknown_split', message, hint: `Splits: ${splits.join(', ')}.` })
  }
  if (issues.length > 0 || dataset === null || source === null) throw refuse(issues)
  const config = {
    kind: 'evaluate' as const,
    checkpoint_id: source.id,
    dataset_version_id: dataset.id,
    split: job.split,
    batch_size: job.batch_size,
    metrics: job.metrics,
  }
  return { config, dataset, transfer: null }
}

/** Model, training and data against each other, as the transforms leave the data. */
function validateOn(spec: ModelSpec, training: TrainingConfig, { manifest }: ReadyVersion, paths: ValidateTrainingOptions = {}) {
  const { trainingPath = 'training' } = paths
  const issues = checkTransforms(manifest, training, `${trainingPath}.transforms`)
  if (issues.length > 0) return issues
  const shape = transformedShape(manifest, training)
  const features = transformedColumns(manifest, training)
  const description = { ...describeTargets(manifest.target, shape), features, splits: Object.keys(manifest.splits) }
  return validateTraining(spec, training, description, paths)
}

function transferConfig({ checkpoint_id, ...transfer }: Transfer): RunConfigOf<'train'>['transfer'] {
  const id = fromWireId('checkpoint', checkpoint_id)
  if (id === null) throw new Error('the contract let a malformed id pass')
  return { ...transfer, checkpoint_id: id }
}

/** Data that is not ready yet is no mistake of the request: it may be repeated. */
function refuse(issues: readonly Issue[]): TrainyardError {
  const isWaiting = issues.length > 0 && issues.every(({ code }) => code === NOT_READY)
  if (!isWaiting) return invalidRequest(issues)
  return new TrainyardError('dataset_not_ready', { detail: issues[0]?.message ?? '', issues })
}
