// Predicts from a checkpoint: raw inputs in, classes with probabilities or values out.

import type { NestedNumbers, Prediction, StartMessage } from '@trainyard/contracts'
import { toWireNumber } from '@trainyard/contracts'
import { createNormalizer, normalizeInto } from '@trainyard/datasets'
import type { CheckpointMetadata } from '@trainyard/engine/train'
import { type Issue, TrainyardError } from '@trainyard/errors'
import type { Channel } from './channel.ts'
import { configOf } from './config-of.ts'
import { openModel } from './open-model.ts'
import { readCheckpoint } from './read-checkpoint.ts'

const BATCH_ROWS_MAX = 256

export async function runPredict(start: StartMessage, channel: Channel): Promise<void> {
  const { inputs, top_k: topK } = configOf(start, 'predict')
  const checkpoint = await readCheckpoint(start.source_checkpoint)
  if (checkpoint === null) throw new Error('a prediction was given no checkpoint')
  const { spec, training, dataset } = checkpoint.metadata
  const samples = flattenInputs(inputs, dataset.input.shape)
  const batchSize = Math.min(samples.length, BATCH_ROWS_MAX)
  const { session } = openModel({ spec, training, batchSize, frozen: [], start, phase: 'predict' }, channel)
  try {
    session.importState(checkpoint.state, { strict: false })
    const kind = dataset.input.kind === 'image' ? 'image' : 'features'
    const shape = kind === 'image' ? (dataset.input.shape as [number, number, number]) : (dataset.input.shape as [number])
    const normalizer = createNormalizer({ kind, shape }, dataset.normalization)
    const predictions: Prediction[] = []
    const batch = new Float32Array(batchSize * normalizer.sampleSize)
    for (let from = 0; from < samples.length; from += batchSize) {
      const rows = samples.slice(from, from + batchSize)
      batch.fill(0)
      for (const [i, row] of rows.entries()) normalizeInto(normalizer, row, 0, batch, i * normalizer.sampleSize)
      session.predict(batch, rows.length)
      const size = session.predictions.length / batchSize
      for (let i = 0; i < rows.length; i++) {
        predictions.push(describe(session.predictions.slice(i * size, (i + 1) * size), dataset.target, topK))
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

function describe(output: Float32Array, target: CheckpointMetadata['dataset']['target'], topK: number): Prediction {
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
function describeLabels(output: Float32Array, labels: readonly string[]): Prediction {
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
function flattenInputs(inputs: readonly NestedNumbers[], shape: readonly number[]): number[][] {
  const size = shape.reduce((product, length) => product * length, 1)
  const issues: Issue[] = []
  const rows = inputs.map((input, i) => {
    const row = flatten(input)
    if (row.length !== size) {
      issues.push({
        path: `inputs[${i}]`,
        code: 'wrong_size',
        message: `${row.length} numbers; expected ${size}, as nested arrays of the shape [${shape.join(', ')}] or flat`,
        hint: 'Send raw samples as they were uploaded: images as [channels][height][width] of 0 to 255.',
      })
    }
    return row
  })
  if (issues.length > 0) throw new TrainyardError('invalid_data', { detail: issues[0]?.message ?? '', issues })
  return rows
}

function flatten(input: NestedNumbers): number[] {
  return Array.isArray(input) ? input.flatMap(flatten) : [input]
}
