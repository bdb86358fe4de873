// Evaluates a checkpoint on a split of a dataset.

import { type DatasetManifest, describeTargets, type StartMessage } from '@trainyard/contracts'
import { fittedShape, openSplitReader } from '@trainyard/datasets'
import { type Checkpoint, evaluate, planHeads } from '@trainyard/engine/train'
import { TrainyardError } from '@trainyard/errors'
import type { Channel } from './channel.ts'
import { evaluationsOf } from './class-report.ts'
import { configOf } from './config-of.ts'
import { transformsOf } from './fitted-of.ts'
import { batchTarget, openModel } from './open-model.ts'
import { readCheckpoint } from './read-checkpoint.ts'

const BREATH_MS = 20

export async function runEvaluate(start: StartMessage, channel: Channel): Promise<void> {
  const { split, batch_size: wished, metrics } = configOf(start, 'evaluate')
  const checkpoint = await readCheckpoint(start.source_checkpoint)
  if (start.dataset === null || checkpoint === null) throw new Error('an evaluation was given no dataset or no checkpoint')
  const manifest = requireSameKind(start.dataset.manifest, checkpoint)
  const rows = manifest.splits[split]?.rows ?? wished
  const batchSize = Math.min(wished, rows)
  const { spec, training } = checkpoint.metadata
  // The model sees its inputs as its own dataset was transformed.
  const transforms = transformsOf(checkpoint)
  const dataset = { input: manifest.input.kind === 'features' ? manifest.input : {}, target: manifest.target, transforms }
  const { session, outputs } = openModel({ spec, training, dataset, batchSize, frozen: [], start, phase: 'evaluate' }, channel)
  session.importState(checkpoint.state, { strict: false })
  const reader = openSplitReader({
    manifest,
    transforms,
    shardPaths: start.dataset.shard_paths,
    split,
    batchSize,
    target: batchTarget(manifest.target, training),
  })
  const startedAt = performance.now()
  try {
    const heads = planHeads(training, describeTargets(manifest.target, fittedShape(transforms)), outputs, metrics)
    const passes = evaluate(session, heads, reader)
    let step = 0
    let breathedAt = startedAt
    let pass = passes.next()
    for (; !pass.done; pass = passes.next()) {
      step++
      if (performance.now() - breathedAt < BREATH_MS) continue
      channel.report({ phase: 'evaluating', step, epoch: step / reader.steps, samplesPerSecond: null })
      await channel.breathe()
      breathedAt = performance.now()
      if (channel.stopRequested !== null) {
        channel.send({ type: 'stopped', reason: channel.stopRequested, step: 0 })
        return
      }
    }
    const seconds = (performance.now() - startedAt) / 1000
    const { metrics: values, reports } = pass.value
    const evaluations = evaluationsOf(reports, manifest.target, training)
    const result = { kind: 'evaluate' as const, split, rows: reader.rows, metrics: { ...values }, seconds, ...evaluations }
    channel.send({ type: 'done', result })
  } finally {
    reader.close()
    session.close()
  }
}

/** @throws TrainyardError invalid_data when the data are not of the form that the model was trained on */
function requireSameKind(manifest: DatasetManifest, { metadata }: Checkpoint): DatasetManifest {
  const { input, target } = metadata.dataset
  const describe = (form: Pick<DatasetManifest, 'input'> | typeof metadata.dataset) => `${form.input.kind} [${form.input.shape.join(', ')}]`
  const sizeOf = (form: typeof target | DatasetManifest['target']) => {
    if (form.kind === 'none') return 0
    return form.kind === 'value' ? form.size : form.classes.length
  }
  if (describe(manifest) !== describe(metadata.dataset) || input.kind !== manifest.input.kind) {
    throw new TrainyardError('invalid_data', {
      detail: `The dataset has inputs of the form ${describe(manifest)}; the checkpoint was trained on ${describe(metadata.dataset)}.`,
      hint: 'Evaluate on a dataset of the same form.',
    })
  }
  if (
    JSON.stringify(input.categories ?? null) !==
    JSON.stringify(manifest.input.kind === 'features' ? (manifest.input.categories ?? null) : null)
  ) {
    throw new TrainyardError('invalid_data', {
      detail: 'The categories of the columns are not those that the checkpoint was trained on.',
      hint: 'Prepare both datasets as one, with a split by column.',
    })
  }
  if (target.kind !== manifest.target.kind || sizeOf(target) !== sizeOf(manifest.target)) {
    throw new TrainyardError('invalid_data', {
      detail: `The dataset has targets ${manifest.target.kind} × ${sizeOf(manifest.target)}; the checkpoint ${target.kind} × ${sizeOf(target)}.`,
      hint: 'Evaluate on a dataset with the same targets.',
    })
  }
  return manifest
}
