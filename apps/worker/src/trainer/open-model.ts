// From a specification to a model that can step, and what decides its bits.

import type { StartMessage } from '@trainyard/contracts'
import { buildModel, type Estimate, estimateModel, type ModelTraining } from '@trainyard/engine/plan'
import { buildGraph, type ModelSpec, type TrainingConfig } from '@trainyard/engine/spec'
import { createSession, type Session } from '@trainyard/engine/train'
import { chooseBackend } from './backend.ts'
import type { Channel } from './channel.ts'
import { ENGINE_VERSION } from './engine-version.ts'
import { limitMemoryToPlan } from './memory-limit.ts'

export interface OpenModelOptions {
  readonly spec: ModelSpec
  readonly training: ModelTraining & Pick<TrainingConfig, 'backend' | 'seed'>
  readonly batchSize: number
  readonly frozen: readonly string[]
  /** What the supervisor grants. */
  readonly start: Pick<StartMessage, 'threads' | 'memory_bytes_max'>
  /** Whose work decides about the backend. */
  readonly phase: 'train' | 'evaluate' | 'predict'
}

export interface OpenedModel {
  readonly session: Session
  readonly estimate: Estimate
  /** The same fingerprint, specification, data and seed give the same bits. */
  readonly fingerprint: string
}

export function openModel({ spec, training, batchSize, frozen, start, phase }: OpenModelOptions, channel: Channel): OpenedModel {
  const model = buildModel(buildGraph(spec, { batchSize }), training, { frozen })
  const estimate = estimateModel(model)
  limitMemoryToPlan(estimate.bytes, start.memory_bytes_max)
  const { threads } = start
  const { backend, warning } = chooseBackend(training.backend, estimate.flops[phase])
  if (warning !== null) channel.event('slow_backend', warning)
  const session = createSession({ model, backend, threads, seed: training.seed })
  return { session, estimate, fingerprint: `trainyard ${ENGINE_VERSION}; ${backend.version}; threads ${threads}` }
}
