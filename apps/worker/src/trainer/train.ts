// Trains: data, model and loop put together; what the loop yields becomes messages and files.

import { type DatasetManifest, describeTargets, type FittedTransforms, type RunConfigOf, type StartMessage } from '@trainyard/contracts'
import { fitTransformsOf, fittedShape, openBatches, openSplitReader } from '@trainyard/datasets'
import type { TrainingConfig } from '@trainyard/engine/spec'
import {
  type Checkpoint,
  type CheckpointMetadata,
  type EndReason,
  INITIAL_LOOP_STATE,
  type LoopState,
  planHeads,
  planSchedule,
  type Schedule,
  type Session,
  TrainingLoop,
  transferredState,
} from '@trainyard/engine/train'
import type { Channel } from './channel.ts'
import { evaluationsOf } from './class-report.ts'
import { configOf } from './config-of.ts'
import { fittedOf } from './fitted-of.ts'
import { batchTarget, type OpenedModel, openModel } from './open-model.ts'
import { readCheckpoint } from './read-checkpoint.ts'
import { saveCheckpoint } from './save-checkpoint.ts'
import { describeTransfer, frozenNames, planRunTransfer, transferForPlan } from './transfer.ts'

type Dataset = NonNullable<StartMessage['dataset']> & { readonly transforms: FittedTransforms }

export async function runTrain(start: StartMessage, channel: Channel): Promise<void> {
  const config = configOf(start, 'train')
  const resume = await readCheckpoint(start.resume)
  const source = await readCheckpoint(start.source_checkpoint)
  const training = openTraining({ start, config, resume, source, now: () => performance.now() }, channel)
  try {
    await train(training, channel)
  } finally {
    training.close()
  }
}

export interface OpenTrainingOptions {
  readonly start: StartMessage
  readonly config: Omit<RunConfigOf<'train'>, 'kind'>
  /** Where it goes on; null for the beginning. */
  readonly resume: Checkpoint | null
  /** Of a transfer. */
  readonly source: Checkpoint | null
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number
}

export interface OpenTraining {
  readonly loop: TrainingLoop
  readonly session: Session
  readonly fingerprint: string
  readonly directory: string
  readonly training: TrainingConfig
  readonly target: DatasetManifest['target']
  /** What a checkpoint says at this moment. */
  metadata(): CheckpointMetadata
  close(): void
}

/** Model, data and loop, ready for the first step; sends the plan. */
export function openTraining(options: OpenTrainingOptions, channel: Channel): OpenTraining {
  const { start, config, resume, now } = options
  if (start.dataset === null) throw new Error('a training run was given no dataset')
  const { training } = config
  const { manifest, shard_paths: shardPaths } = start.dataset
  // What was fitted once stays, also over a resume.
  const transforms = (resume && fittedOf(resume)) ?? fitTransformsOf({ manifest, shardPaths, training })
  const dataset: Dataset = { ...start.dataset, transforms }
  const schedule = planSchedule(training, manifest.splits.train?.rows ?? 0)
  const opened = prepareModel(options, dataset, schedule, channel)
  const { session, outputs, fingerprint } = opened
  const batches = openBatches({
    manifest,
    shardPaths,
    batchSize: training.batch_size,
    seed: training.seed,
    shuffle: training.shuffle,
    sampleLimit: training.sample_limit,
    dropLast: training.drop_last,
    augmentation: training.augmentation,
    target: batchTarget(manifest.target, training),
    transforms,
    startStep: resume?.metadata.step ?? 0,
  })
  const loop = new TrainingLoop({
    session,
    training,
    schedule,
    batches,
    heads: planHeads(training, describeTargets(manifest.target, fittedShape(transforms)), outputs),
    evaluation: openEvaluation(training, dataset),
    start: resume === null ? INITIAL_LOOP_STATE : loopStateOf(resume.metadata),
    best: resume?.best ?? null,
    now,
  })
  return {
    loop,
    session,
    fingerprint,
    directory: start.work_directory,
    training,
    target: manifest.target,
    metadata: () => metadataOf({ config, dataset, schedule, opened }, loop),
    close: () => {
      batches.close()
      session.close()
    },
  }
}

/** Builds the model, fills in its first values, and sends the plan. */
function prepareModel(
  { start, config: { spec, training, transfer }, resume, source }: OpenTrainingOptions,
  { manifest: { input, target }, transforms }: Dataset,
  schedule: Schedule,
  channel: Channel,
): OpenedModel & { readonly frozen: readonly string[] } {
  const plan = transfer === null || source === null ? null : planRunTransfer(spec, source, transfer)
  const frozen = resume?.metadata.frozen ?? (plan === null ? [] : frozenNames(plan))
  const dataset = { input: input.kind === 'features' ? input : {}, target, transforms }
  const opened = openModel({ spec, training, dataset, batchSize: training.batch_size, frozen, start, phase: 'train' }, channel)
  const { session, estimate, fingerprint } = opened
  if (resume !== null) session.importState(resume.state, { strict: true })
  else {
    session.initialize(training.seed)
    if (plan !== null && source !== null) {
      session.importState(transferredState(plan, source.state), { strict: false })
      channel.event('transferred', describeTransfer(plan))
    }
  }
  channel.send({
    type: 'planned',
    fingerprint,
    plan: {
      backend: session.backendName,
      parameters: estimate.parameters,
      trainable_parameters: estimate.trainableParameters,
      flops_per_step: estimate.flops.train,
      memory_bytes: session.bytes,
      total_steps: schedule.totalSteps,
      steps_per_epoch: schedule.stepsPerEpoch,
      ...(plan === null ? {} : { transfer: transferForPlan(plan) }),
    },
  })
  return { ...opened, frozen }
}

async function train({ loop, session, directory, training, target, metadata }: OpenTraining, channel: Channel): Promise<void> {
  const startedAt = performance.now()
  const save = (kind: 'periodic' | 'final') => saveCheckpoint({ directory, kind, metadata: metadata(), best: loop.best, session }, channel)
  const report = (phase: 'training' | 'evaluating' | 'saving', now: boolean) =>
    channel.report({ phase, step: loop.state.step, epoch: loop.epoch, samplesPerSecond: loop.samplesPerSecond.recent }, { now })

  let savedStep = -1
  let isFirst = true
  for (const event of loop.run()) {
    if (event.type === 'points') channel.addPoints(event.points)
    if (event.type === 'breath') {
      report(event.phase, isFirst)
      isFirst = false
      await channel.breathe()
    }
    if (event.type === 'checkpoint') {
      report('saving', true)
      const isSaved = await save(event.kind)
      if (isSaved) savedStep = loop.state.step
      else if (event.kind === 'final') {
        channel.send({ type: 'stopped', reason: channel.stopRequested ?? 'preempt', step: loop.state.step })
        return
      }
    }
    const reason = channel.stopRequested
    if (reason !== null && event.type === 'breath') {
      report('saving', true)
      if (reason !== 'cancel' && savedStep !== loop.state.step) await save('periodic')
      channel.send({ type: 'stopped', reason, step: loop.state.step })
      return
    }
  }
  const { step, metrics, stopping } = loop.state
  const early = training.early_stopping
  const endedBy = loop.endedBy ?? 'completed'
  if (endedBy !== 'completed') channel.event('ended_early', describeEnd(endedBy, training, loop.state))
  channel.send({
    type: 'done',
    result: {
      kind: 'train',
      steps: step,
      epochs: loop.epoch,
      metrics: { ...metrics },
      seconds: (performance.now() - startedAt) / 1000,
      samples_per_second: loop.samplesPerSecond.overall,
      ...evaluationsOf(loop.reports, target, training),
      ended_by: endedBy,
      ...(early === undefined || stopping.best === null
        ? {}
        : { best: { metric: early.metric, step: stopping.best.step, value: stopping.best.value, restored: stopping.restored } }),
    },
  })
}

/** @example 'Step 54: eval/loss was no better than 0.4412 at step 24 in 5 evaluations. The weights of step 24 are the result.' */
function describeEnd(
  endedBy: Exclude<EndReason, 'completed'>,
  { early_stopping: early, stop_when: goal }: TrainingConfig,
  { step, metrics, stopping: { best, waited, restored } }: LoopState,
): string {
  if (endedBy === 'stop_when') return `Step ${step}: ${goal?.metric} is ${metrics[goal?.metric ?? '']}, which reaches ${goal?.value}.`
  const result = restored ? ` The weights of step ${best?.step} are the result.` : ''
  return `Step ${step}: ${early?.metric} was no better than ${best?.value} at step ${best?.step} in ${waited} evaluations.${result}`
}

/** The split that the configuration names, or the test split where there is one. */
function openEvaluation(training: TrainingConfig, dataset: Dataset) {
  const { manifest, shard_paths: shardPaths, transforms } = dataset
  const split = training.evaluate.split ?? (manifest.splits.test === undefined ? null : 'test')
  if (split === null) return null
  const { batch_size: batchSize } = training
  const reader = openSplitReader({ manifest, shardPaths, split, batchSize, target: batchTarget(manifest.target, training), transforms })
  return { rows: reader.rows, steps: reader.steps, batch: (step: number) => reader.batch(step) }
}

interface Described {
  readonly config: OpenTrainingOptions['config']
  readonly dataset: Dataset
  readonly schedule: Schedule
  readonly opened: Pick<OpenedModel, 'fingerprint'> & { readonly frozen: readonly string[] }
}

function metadataOf({ config, dataset, schedule, opened }: Described, loop: TrainingLoop): CheckpointMetadata {
  const { step, interval, evaluatedStep, metrics, plateau, stopping } = loop.state
  const { input, target, normalization } = dataset.manifest
  return {
    format: 1,
    spec: config.spec,
    training: config.training,
    step,
    epoch: loop.epoch,
    cursor: { epoch: Math.floor(step / schedule.stepsPerEpoch), step_in_epoch: step % schedule.stepsPerEpoch },
    seed: config.training.seed,
    frozen: [...opened.frozen],
    metrics: { ...metrics },
    interval: {
      samples: interval.samples,
      heads: interval.heads.map(({ weight, lossSum, correct }) => ({ weight, loss_sum: lossSum, correct })),
    },
    evaluated_step: evaluatedStep,
    plateau,
    stopping:
      stopping.best === null
        ? { ...stopping, best: null }
        : { ...stopping, best: { ...stopping.best, metrics: { ...stopping.best.metrics } } },
    fingerprint: opened.fingerprint,
    dataset: { input, target, normalization, transforms: dataset.transforms },
  }
}

function loopStateOf({ step, interval, evaluated_step: evaluatedStep, metrics, plateau, stopping }: CheckpointMetadata): LoopState {
  return {
    step,
    interval: {
      samples: interval.samples,
      heads: interval.heads.map(({ weight, loss_sum: lossSum, correct }) => ({ weight, lossSum, correct })),
    },
    evaluatedStep,
    metrics,
    plateau,
    stopping,
  }
}
