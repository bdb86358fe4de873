// What a step takes after thousands of steps on real digits, when units have died and velocities have faded. In a process of its own; prints one line
// of JSON.
// usage: node --import tsx bench/engine/trained.ts MODEL OPTIMIZER kept|flushed THREADS

import { readFileSync } from 'node:fs'
import { buildModel, estimateModel } from '@trainyard/engine/plan'
import { buildGraph, modelSpecSchema, trainingConfigSchema } from '@trainyard/engine/spec'
import { type Batch, createSession } from '@trainyard/engine/train'
import { chooseBackend } from '../../apps/worker/src/trainer/backend.ts'
import { flushDenormals } from '../../apps/worker/src/trainer/denormals.ts'
import { mnistFiles } from '../../demo/datasets.ts'
import { countDenormals } from '../../tests/engine/denormals-child.ts'
import { knownModel, MODELS } from './models.ts'
import { median } from './statistics.ts'

export interface Trained {
  /** Medians, of the first steps after a warm-up and of the last ones. */
  readonly first_ms: number
  readonly last_ms: number
  /** Share of the optimizer's numbers that are denormal at the end. */
  readonly denormal: number
  /** Of the last step. */
  readonly loss: number
}

const STEPS = 5000
const WARM_UP_STEPS = 50
const MEASURED_STEPS = 300
const IMAGE = { header: 16, elements: 784, white: 255 } as const
const LABEL_HEADER = 8

const OPTIMIZERS = {
  momentum: { type: 'sgd', learning_rate: 0.02, momentum: 0.9 },
  adam: { type: 'adam', learning_rate: 0.001 },
} as const
export type OptimizerName = keyof typeof OPTIMIZERS

const [model = '', optimizer = '', mode, threads] = process.argv.slice(2)
if (mode === 'flushed') flushDenormals()
console.log(JSON.stringify(trained(model, optimizer as OptimizerName, Number(threads))))
// A process with native threads ends explicitly.
process.exit(0)

function trained(name: string, optimizer: OptimizerName, threads: number): Trained {
  const { spec, batchSize } = MODELS[knownModel(name)]
  const training = trainingConfigSchema.parse({ optimizer: OPTIMIZERS[optimizer] })
  const model = buildModel(buildGraph(modelSpecSchema.parse(spec), { batchSize }), training)
  const { backend } = chooseBackend('auto', estimateModel(model).flops.train)
  const session = createSession({ model, backend, threads })
  session.initialize(1)
  const batchAt = digits(batchSize)
  const milliseconds: number[] = []
  for (let step = 1; step <= STEPS; step++) {
    const batch = batchAt(step)
    const began = performance.now()
    session.trainStep(batch, training.optimizer.learning_rate, step)
    milliseconds.push(performance.now() - began)
  }
  const slots = [...session.exportState()].filter(([tensor]) => tensor.startsWith('optimizer.')).map(([, { data }]) => data)
  const denormals = slots.map(countDenormals)
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
  return {
    first_ms: median(milliseconds.slice(WARM_UP_STEPS, WARM_UP_STEPS + MEASURED_STEPS)),
    last_ms: median(milliseconds.slice(-MEASURED_STEPS)),
    denormal: sum(denormals) / sum(slots.map(({ length }) => length)),
    loss: session.scalars[0] ?? Number.NaN,
  }
}

/** Batches of MNIST in its own order, over and over; each valid until the next. */
function digits(batchSize: number): (step: number) => Batch {
  const { parts } = mnistFiles()
  const images = readFileSync(parts.train_images).subarray(IMAGE.header)
  const labels = readFileSync(parts.train_labels).subarray(LABEL_HEADER)
  const samples = new Float32Array(batchSize * IMAGE.elements)
  const targets = new Int32Array(batchSize)
  const batches = Math.floor(labels.length / batchSize)
  return (step) => {
    const first = (step % batches) * batchSize
    targets.set(labels.subarray(first, first + batchSize))
    const pixels = images.subarray(first * IMAGE.elements, (first + batchSize) * IMAGE.elements)
    for (let i = 0; i < samples.length; i++) samples[i] = (pixels[i] ?? 0) / IMAGE.white
    return { samples, targets, count: batchSize }
  }
}
