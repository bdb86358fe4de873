// What optimizers, regularization and dropout cost beside the plain step (SGD with momentum, the peers' step): CPU time, the fastest of many
// steps, variants alternating in one process, on one thread.

import { openOnednn } from '@trainyard/engine/backends'
import { buildModel, type CompiledModel } from '@trainyard/engine/plan'
import { buildGraph, type ModelSpecInput, modelSpecSchema, type TrainingConfigInput, trainingConfigSchema } from '@trainyard/engine/spec'
import { createSession } from '@trainyard/engine/train'
import { randomBatch } from './batch.ts'
import { type BenchModel, MODELS, type ModelName, stage } from './models.ts'

const ROUNDS = 12
const STEPS = 3
const SGD = { type: 'sgd', learning_rate: 0.01, momentum: 0.9 } as const

const TRAININGS: Readonly<Record<string, TrainingConfigInput>> = {
  plain: { optimizer: SGD },
  'sgd, no momentum': { optimizer: { type: 'sgd', learning_rate: 0.01 } },
  'sgd, nesterov, decay': { optimizer: { ...SGD, nesterov: true, weight_decay: 1e-4 } },
  adam: { optimizer: { type: 'adam' } },
  adamw: { optimizer: { type: 'adamw', weight_decay: 0.01 } },
  rmsprop: { optimizer: { type: 'rmsprop', learning_rate: 0.001 } },
  adagrad: { optimizer: { type: 'adagrad', learning_rate: 0.01 } },
  'clipping by norm': { optimizer: SGD, gradient_clipping: { norm: 1 } },
  'clipping by value': { optimizer: SGD, gradient_clipping: { value: 0.1 } },
  'gradient norms': { optimizer: SGD, diagnostics: { gradient_norms: true } },
  l1: { optimizer: SGD, regularization: { l1: 1e-5 } },
  l2: { optimizer: SGD, regularization: { l2: 1e-4 } },
  'max norm': { optimizer: SGD, regularization: { max_norm: 3 } },
}

const dropout = (rate: number) => ({ type: 'dropout', rate }) as const

/** The networks that are trained with dropout, where it usually stands. */
const WITH_DROPOUT: { readonly [M in ModelName]?: ModelSpecInput } = {
  mnist_mlp: {
    version: 1,
    input: { shape: [784] },
    layers: [
      { type: 'dense', units: 512 },
      { type: 'relu' },
      dropout(0.5),
      { type: 'dense', units: 256 },
      { type: 'relu' },
      dropout(0.5),
      { type: 'dense', units: 10 },
    ],
  },
  mnist_cnn: {
    version: 1,
    input: { shape: [1, 28, 28] },
    layers: [
      ...stage(32),
      dropout(0.25),
      ...stage(64),
      dropout(0.25),
      { type: 'flatten' },
      { type: 'dense', units: 128 },
      { type: 'relu' },
      dropout(0.5),
      { type: 'dense', units: 10 },
    ],
  },
}

interface Variant {
  readonly name: string
  readonly model: CompiledModel
}

/** `--parts`: a table for each model. */
export function printParts(names: readonly ModelName[]): void {
  for (const name of names) {
    const [plain, ...others] = stepTimes(variantsOf(name))
    if (plain === undefined) continue
    console.log(`\n${name}: plain step (SGD with momentum) ${plain.ms.toFixed(3)} ms of one core\n\n| | ms | added |\n|---|---|---|`)
    for (const { name: variant, ms } of others)
      console.log(`| ${variant} | ${ms.toFixed(3)} | ${((100 * (ms - plain.ms)) / plain.ms).toFixed(1)} % |`)
  }
}

function variantsOf(name: ModelName): readonly Variant[] {
  const { spec, batchSize, loss = 'softmax_cross_entropy' }: BenchModel = MODELS[name]
  const compiled = (model: ModelSpecInput, training: TrainingConfigInput): CompiledModel =>
    buildModel(buildGraph(modelSpecSchema.parse(model), { batchSize }), trainingConfigSchema.parse({ ...training, loss: { type: loss } }))
  const trainings = Object.entries(TRAININGS).map(([variant, training]) => ({ name: variant, model: compiled(spec, training) }))
  const dropped = WITH_DROPOUT[name]
  return dropped === undefined ? trainings : [...trainings, { name: 'dropout', model: compiled(dropped, { optimizer: SGD }) }]
}

function stepTimes(variants: readonly Variant[]): readonly { readonly name: string; readonly ms: number }[] {
  const opened = openOnednn()
  if (!opened.available) throw new Error(`${opened.reason} ${opened.hint}`)
  const sessions = variants.map(({ name, model }) => {
    const session = createSession({ model, backend: opened.backend, threads: 1 })
    session.initialize(1)
    const batch = randomBatch(model)
    return { name, ms: Number.POSITIVE_INFINITY, step: () => session.trainStep(batch, 0.001, 1) }
  })
  for (let round = 0; round < ROUNDS; round++)
    for (const each of sessions) for (let i = 0; i < STEPS; i++) each.ms = Math.min(each.ms, cpuTime(each.step))
  return sessions
}

function cpuTime(run: () => void): number {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
