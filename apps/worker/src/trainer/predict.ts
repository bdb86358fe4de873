// Predicts from a checkpoint: raw inputs in, classes with probabilities or values out.

import {
  type DatasetTarget,
  datasetInputSchema,
  datasetTargetSchema,
  type HeadPrediction,
  headTarget,
  type NamedInput,
  type NestedNumbers,
  type PredictInput,
  type Prediction,
  type StartMessage,
  toWireNumber,
} from '@trainyard/contracts'
import { createTransformer, encodeRow } from '@trainyard/datasets'
import { type TrainedHead, trainedHeads } from '@trainyard/engine/spec'
import type { CheckpointMetadata, Session } from '@trainyard/engine/train'
import { type Issue, TrainyardError } from '@trainyard/errors'
import type { Channel } from './channel.ts'
import { configOf } from './config-of.ts'
import { decodePictures } from './decode-pictures.ts'
import { transformsOf } from './fitted-of.ts'
import { openModel } from './open-model.ts'
import { readCheckpoint } from './read-checkpoint.ts'

const BATCH_ROWS_MAX = 256

export async function runPredict(start: StartMessage, channel: Channel): Promise<void> {
  const { inputs, pictures, top_k: topK } = configOf(start, 'predict')
  const checkpoint = await readCheckpoint(start.source_checkpoint)
  if (checkpoint === null) throw new Error('a prediction was given no checkpoint')
  const { spec, training, dataset } = checkpoint.metadata
  const samples = pictures === undefined ? rawSamples(inputs, dataset.input) : await decodePictures(pictures, dataset.input)
  const batchSize = Math.min(samples.length, BATCH_ROWS_MAX)
  const target = datasetTargetSchema.parse(dataset.target)
  const transforms = transformsOf(checkpoint)
  const data = { input: columnsOf(dataset.input) ?? {}, target, transforms }
  const { session, outputs } = openModel({ spec, training, dataset: data, batchSize, frozen: [], start, phase: 'predict' }, channel)
  const describeRow = rowDescriber(session, trainedHeads(training, outputs), target, batchSize, topK)
  try {
    session.importState(checkpoint.state, { strict: false })
    const transformer = createTransformer(transforms)
    const predictions: Prediction[] = []
    const batch = new Float32Array(batchSize * transformer.size)
    for (let from = 0; from < samples.length; from += batchSize) {
      const rows = samples.slice(from, from + batchSize)
      batch.fill(0)
      for (const [i, row] of rows.entries()) transformer.apply(row, 0, batch, i * transformer.size)
      requireComplete(batch, rows.length, transformer.size, from)
      session.predict(batch, rows.length)
      for (let i = 0; i < rows.length; i++) {
        const picture = pictures?.[from + i]
        predictions.push({ ...(picture === undefined ? {} : { name: picture.name }), ...describeRow(i) })
      }
      await channel.breathe()
      if (channel.stopRequested !== null) {
        channel.send({ type: 'stopped', reason: channel.stopRequested, step: 0 })
        return
      }
    }
    channel.send({ type: 'done', result: { kind: 'predict', predictions } })
  } finally {
    session.close()
  }
}

/** Describes one row of the last batch: the first head, and all of them where they have names. */
function rowDescriber(
  session: Session,
  heads: readonly TrainedHead[],
  target: DatasetTarget,
  batchSize: number,
  topK: number,
): (row: number) => Prediction {
  const described = heads.map(({ name, target: chosen }, head) => {
    const size = session.predictions(head).length / batchSize
    const own = headTarget(target, chosen)
    return {
      name,
      of: (row: number) => describe(session.predictions(head).slice(row * size, (row + 1) * size), own, topK),
    }
  })
  return (row) => {
    const [first] = described
    if (first === undefined) throw new Error('the model has no heads')
    if (first.name === null) return first.of(row)
    return { ...first.of(row), heads: Object.fromEntries(described.map(({ name, of }) => [name, of(row)])) }
  }
}

function describe(output: Float32Array, target: DatasetTarget, topK: number): HeadPrediction {
  if (target.kind === 'value' || target.kind === 'none') return { outputs: Array.from(output, toWireNumber) }
  if (target.kind === 'multi_label') return describeLabels(output, target.classes)
  const probabilities = probabilitiesOf(output, target.classes.length)
  const classes = Array.from(probabilities, (probability, index) => ({ label: target.classes[index] ?? String(index), index, probability }))
  classes.sort((a, b) => b.probability - a.probability || a.index - b.index)
  return {
    // Logits are known up to a constant; these are the ones whose exponentials sum to 1.
    outputs: Array.from(probabilities, (probability) => toWireNumber(Math.log(probability))),
    classes: classes.slice(0, topK).map((entry) => ({ ...entry, probability: toWireNumber(entry.probability) })),
  }
}

/** Each label by itself: its probability, most likely first; all of them, since any number may apply. */
function describeLabels(output: Float32Array, labels: readonly string[]): HeadPrediction {
  const classes = labels.map((label, index) => ({ label, index, probability: output[index] ?? Number.NaN }))
  classes.sort((a, b) => b.probability - a.probability || a.index - b.index)
  return {
    outputs: Array.from(output, toWireNumber),
    classes: classes.map((entry) => ({ ...entry, probability: toWireNumber(entry.probability) })),
  }
}

/** One output for two classes is the probability of the second. */
function probabilitiesOf(output: Float32Array, classes: number): Float32Array {
  const [second] = output
  return output.length === 1 && classes === 2 && second !== undefined ? Float32Array.of(1 - second, second) : output
}

/** @throws TrainyardError invalid_data with every input that does not fit */
function rawSamples(inputs: readonly PredictInput[], input: CheckpointMetadata['dataset']['input']): Float32Array[] {
  const size = input.shape.reduce((product, length) => product * length, 1)
  const columns = columnsOf(input)
  const issues: Issue[] = []
  const rows = inputs.map((sample, i) => {
    if (isNamed(sample)) {
      if (columns !== null) return encodeRow(sample, columns, `inputs[${i}]`, issues)
      const message = 'It is an object, but the model takes images.'
      issues.push({ path: `inputs[${i}]`, code: 'wrong_type', message, hint: 'Send pixels as [channels][height][width] of 0 to 255.' })
      return new Float32Array(size)
    }
    const row = Float32Array.from(flatten(sample))
    if (row.length !== size) {
      issues.push({
        path: `inputs[${i}]`,
        code: 'wrong_size',
        message: `${row.length} numbers; expected ${size}, as nested arrays of the shape [${input.shape.join(', ')}] or flat`,
        hint: 'Send raw samples as they were uploaded: images as [channels][height][width] of 0 to 255, rows as {"column": value}.',
      })
    }
    return row
  })
  if (issues.length > 0) throw new TrainyardError('invalid_data', { detail: issues[0]?.message ?? '', issues })
  return rows
}

/** Null for images. */
function columnsOf(input: CheckpointMetadata['dataset']['input']) {
  const known = datasetInputSchema.safeParse(input)
  return known.success && known.data.kind === 'features' ? known.data : null
}

/** A missing value that nothing fills would make every output NaN. */
function requireComplete(batch: Float32Array, rows: number, size: number, from: number): void {
  for (let i = 0; i < rows * size; i++) {
    if (!Number.isNaN(batch[i])) continue
    const path = `inputs[${from + Math.floor(i / size)}]`
    const message = 'It has a missing value, and the model was trained without a transform that fills it.'
    throw new TrainyardError('invalid_data', {
      detail: `${path}: ${message}`,
      issues: [{ path, code: 'missing_value', message, hint: 'Send all values, or train with {"type": "impute"}.' }],
    })
  }
}

function isNamed(sample: PredictInput): sample is NamedInput {
  return typeof sample === 'object' && !Array.isArray(sample)
}

function flatten(input: NestedNumbers): number[] {
  return Array.isArray(input) ? input.flatMap(flatten) : [input]
}
