// Tables that nobody here made, beside scikit-learn's MLP: the same rows, the same network (32 ReLU units), Adam, batch size and epochs, five seeds.
// Run: SKLEARN_PYTHON=/usr/bin/python3 npm run bench:tabular

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeTargets } from '@trainyard/contracts'
import { fileSource, fitTransformsOf, openBatches, openSplitReader, prepareDataset } from '@trainyard/datasets'
import { createReferenceBackend } from '@trainyard/engine/backends'
import { buildModel } from '@trainyard/engine/plan'
import { buildGraph, type ModelSpecInput, modelSpecSchema, trainingConfigSchema } from '@trainyard/engine/spec'
import { createSession, INITIAL_LOOP_STATE, planHeads, planSchedule, TrainingLoop } from '@trainyard/engine/train'

interface Peer {
  readonly version: string
  readonly results: Readonly<Record<string, { metric: 'accuracy' | 'r2'; epochs: number; learning_rate: number; scores: number[] }>>
}

const { SKLEARN_PYTHON: python = 'python3' } = process.env
const folder = mkdtempSync(join(tmpdir(), 'trainyard-tabular-'))
try {
  const script = fileURLToPath(new URL('./peer.py', import.meta.url))
  const peer = JSON.parse(execFileSync(python, [script, folder], { encoding: 'utf8' })) as Peer
  console.log(`scikit-learn ${peer.version}\n`)
  console.log('| data | rows train / test | metric | scikit-learn mean (min … max) | ours mean (min … max) |\n|---|---|---|---|---|')
  for (const [name, { metric, epochs, learning_rate, scores }] of Object.entries(peer.results)) {
    const ours = await trained(name, metric, epochs, learning_rate, scores.length)
    console.log(`| ${name} | ${ours.rows} | ${metric} | ${summary(scores)} | ${summary(ours.scores)} |`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function trained(name: string, metric: 'accuracy' | 'r2', epochs: number, rate: number, seeds: number) {
  const outDir = join(folder, name)
  const { manifest, files } = await prepareDataset({
    sources: [fileSource('file', `${name}.csv`, join(folder, `${name}.csv`))],
    options: { split: { by: 'column', column: 'part' }, target: 'y', target_kind: metric === 'r2' ? 'value' : 'class' },
    outDir,
  })
  const shardPaths = Object.fromEntries(files.map(({ key, path }) => [key, path]))
  const { target } = manifest
  const isClass = target.kind === 'class'
  const layers = [{ type: 'dense', units: 32 }, { type: 'relu' }, { type: 'dense', units: isClass ? target.classes.length : 1 }]
  const spec = modelSpecSchema.parse({ version: 1, input: { shape: manifest.input.shape }, layers } as ModelSpecInput)
  const scores: number[] = []
  for (let seed = 0; seed < seeds; seed++) {
    const training = trainingConfigSchema.parse({
      epochs,
      batch_size: 32,
      seed,
      loss: isClass ? { type: 'softmax_cross_entropy' } : { type: 'squared_error', reduction: 'half_sum' },
      optimizer: { type: 'adam', learning_rate: rate },
      evaluate: { every_epochs: epochs },
    })
    const transforms = fitTransformsOf({ manifest, shardPaths, training })
    const model = buildModel(buildGraph(spec, { batchSize: 32 }), training, { frozen: [] })
    const session = createSession({ model, backend: createReferenceBackend(), threads: 1, seed })
    session.initialize(seed)
    const batches = openBatches({ manifest, shardPaths, transforms, batchSize: 32, seed, thread: 'never' })
    const test = openSplitReader({ manifest, shardPaths, transforms, split: 'test', batchSize: 32 })
    const loop = new TrainingLoop({
      session,
      training,
      schedule: planSchedule(training, manifest.splits.train?.rows ?? 0),
      batches,
      heads: planHeads(training, describeTargets(target, manifest.input.shape), []),
      evaluation: test,
      start: INITIAL_LOOP_STATE,
      now: () => performance.now(),
    })
    for (const _ of loop.run());
    const { metrics } = loop.state
    scores.push(metric === 'accuracy' ? (metrics['eval/accuracy'] ?? 0) : 1 - (metrics['eval/mse'] ?? 0) / variance(test))
    batches.close()
    test.close()
    session.close()
  }
  return { rows: `${manifest.splits.train?.rows} / ${manifest.splits.test?.rows}`, scores }
}

/** Of the targets of the test split: what a constant guess is off by. */
function variance(test: { rows: number; steps: number; batch(step: number): { targets: ArrayLike<number>; count: number } }): number {
  const values: number[] = []
  for (let step = 0; step < test.steps; step++) {
    const { targets, count } = test.batch(step)
    for (let i = 0; i < count; i++) values.push(targets[i] ?? 0)
  }
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
}

function summary(scores: readonly number[]): string {
  const mean = scores.reduce((a, b) => a + b, 0) / scores.length
  return `${mean.toFixed(4)} (${Math.min(...scores).toFixed(4)} … ${Math.max(...scores).toFixed(4)})`
}
