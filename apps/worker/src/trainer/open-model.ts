// From a specification to a model that can step, and what decides its bits.

import type { DatasetTarget, FittedTransforms, StartMessage } from '@trainyard/contracts'
import { type BatchTarget, featureColumns } from '@trainyard/datasets'
import type { Graph } from '@trainyard/engine/core'
import { buildModel, type Estimate, estimateModel, type ModelTraining } from '@trainyard/engine/plan'
import { buildGraph, type ModelSpec, placeInputs, type TrainingConfig, trainedHeads } from '@trainyard/engine/spec'
import { createSession, type LabelDescription, type Session, targetSources } from '@trainyard/engine/train'
import { chooseBackend } from './backend.ts'
import type { Channel } from './channel.ts'
import { areDenormalsFlushed } from './denormals.ts'
import { ENGINE_VERSION } from './engine-version.ts'
import { limitMemoryToPlan } from './memory-limit.ts'

export interface OpenModelOptions {
  readonly spec: ModelSpec
  readonly training: ModelTraining & Pick<TrainingConfig, 'backend' | 'seed' | 'target' | 'inputs' | 'early_stopping'>
  /** What the samples are made of. */
  readonly dataset: ModelData
  readonly batchSize: number
  readonly frozen: readonly string[]
  /** What the supervisor grants. */
  readonly start: Pick<StartMessage, 'threads' | 'memory_bytes_max'>
  /** Whose work decides about the backend. */
  readonly phase: 'train' | 'evaluate' | 'predict'
}

export interface ModelData {
  readonly input: { readonly columns?: readonly string[] | undefined }
  readonly target: DatasetTarget
  readonly transforms: FittedTransforms
}

export interface OpenedModel {
  readonly session: Session
  /** Names of the model's outputs, in the order of the session's heads. */
  readonly outputs: readonly string[]
  readonly estimate: Estimate
  /** The same fingerprint, specification, data and seed give the same bits. */
  readonly fingerprint: string
}

export function openModel(options: OpenModelOptions, channel: Channel): OpenedModel {
  const { spec, training, dataset, batchSize, frozen, start, phase } = options
  const features = featureColumns(dataset.transforms, dataset.input)
  const inputs = training.inputs && features && placeInputs(training.inputs, features)
  const graph = buildGraph(spec, { batchSize, inputs })
  const model = buildModel(graph, training, { frozen })
  const estimate = estimateModel(model, phase === 'train' ? training : {})
  limitMemoryToPlan(estimate.bytes, start.memory_bytes_max)
  const { threads } = start
  const { backend, warning } = chooseBackend(training.backend, estimate.flops[phase])
  if (warning !== null) channel.event('slow_backend', warning)
  const targets = targetSources(trainedHeads(training, outputNames(graph)), labelsOf(dataset.target))
  const session = createSession({ model, backend, threads, seed: training.seed, targets })
  return {
    session,
    outputs: outputNames(graph),
    estimate,
    fingerprint: `trainyard ${ENGINE_VERSION}; ${backend.version}; threads ${threads}; denormals ${areDenormalsFlushed() ? 'flushed' : 'kept'}`,
  }
}

function outputNames({ outputs }: Graph): readonly string[] {
  return outputs.map(({ name }) => name)
}

function labelsOf(target: DatasetTarget): LabelDescription {
  return {
    coarseOf: target.kind === 'class' ? target.coarse?.of : undefined,
    columns: target.kind === 'value' ? target.columns : undefined,
    isLabelled: target.kind !== 'none',
  }
}

/** What the batches of a dataset have to hold for the heads of a model. */
export function batchTarget({ kind }: DatasetTarget, { heads, target = 'label' }: Pick<TrainingConfig, 'heads' | 'target'>): BatchTarget {
  // Without a target the inputs are to be reconstructed.
  if (heads === undefined && target === 'label') return kind === 'none' ? 'input' : 'label'
  if (heads === undefined) return target === 'input' ? 'both' : 'label'
  return kind === 'none' || Object.values(heads).some(({ target }) => target === 'input') ? 'both' : 'label'
}
