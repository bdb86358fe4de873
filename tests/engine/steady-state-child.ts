// What training leaves behind, measured in a process of its own. Prints one number.
// usage: node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64 --import tsx tests/engine/steady-state-child.ts heap|cycles ENGINE [planted]

import { type Backend, createReferenceBackend, openOnednn } from '@trainyard/engine/backends'
import { buildModel, type CompiledModel } from '@trainyard/engine/plan'
import { fillUniform } from '@trainyard/engine/random'
import { buildGraph, type ModelSpecInput, modelSpecSchema, type TrainingConfigInput, trainingConfigSchema } from '@trainyard/engine/spec'
import { type Batch, createSession, type Session } from '@trainyard/engine/train'

export const ENGINES = ['vectors', 'reference', 'onednn'] as const
export type Engine = (typeof ENGINES)[number]
export type Measure = 'heap' | 'cycles'

const BATCH = 2
const CLASSES = 3
const WARM_UP_STEPS = 5000
/** So few that nothing is collected in between: 64 MB hold 13 kB for each. */
const STEPS = 5000
/** The least of them counts: compilation, too, takes from the heap now and then. */
const PASSES = 5
const WARM_UP_CYCLES = 20
const CYCLES = 60

const TINY: ModelSpecInput = { version: 1, preset: { name: 'mlp', options: { sizes: [4, 16, CLASSES], activation: 'tanh' } } }
const IMAGES: ModelSpecInput = {
  version: 1,
  input: { shape: [1, 4, 4] },
  layers: [
    { type: 'conv2d', filters: 2, kernel: 3, padding: 1, bias: false },
    { type: 'batch_norm' },
    { type: 'relu' },
    { type: 'max_pool2d', kernel: 2 },
    { type: 'flatten' },
    // So many weights that they are measured and scaled by the library.
    { type: 'dense', units: 256 },
    { type: 'dropout', rate: 0.5 },
    { type: 'dense', units: CLASSES },
  ],
}
const MOMENTUM: TrainingConfigInput = { optimizer: { type: 'sgd', learning_rate: 0.01, momentum: 0.9 } }
const EVERYTHING: TrainingConfigInput = {
  optimizer: { type: 'adam', learning_rate: 0.001, weight_decay: 0.01 },
  gradient_clipping: { norm: 1 },
  regularization: { l1: 0.001, max_norm: 3 },
}

if (process.argv[1] === import.meta.filename) {
  const [measure, engine, plant] = process.argv.slice(2)
  const model = engine === 'vectors' ? compiled(TINY, MOMENTUM) : compiled(IMAGES, EVERYTHING)
  const measured = measure === 'heap' ? heapBytesPerStep : residentBytesPerCycle
  console.log(measured(model, backendOf(engine), plant === 'planted'))
  // A process with native threads ends explicitly.
  process.exit(0)
}

function compiled(spec: ModelSpecInput, training: TrainingConfigInput): CompiledModel {
  return buildModel(buildGraph(modelSpecSchema.parse(spec), { batchSize: BATCH }), trainingConfigSchema.parse(training))
}

export function backendOf(engine: string | undefined): Backend {
  if (engine !== 'onednn') return createReferenceBackend({ vectors: engine === 'vectors' })
  const opened = openOnednn()
  if (!opened.available) throw new Error(opened.reason)
  return opened.backend
}

/** A plant keeps one small fraction per step. */
function heapBytesPerStep(model: CompiledModel, backend: Backend, isPlanted: boolean): number {
  const session = openSession(model, backend)
  const batch = batchOf(model)
  const kept = { loss: {} as unknown }
  let step = 1
  const train = (steps: number): void => {
    for (let i = 0; i < steps; i++) {
      session.trainStep(batch, 0.01, step++)
      // A generic field holds a fraction as an object of its own: 16 bytes.
      if (isPlanted) kept.loss = step + 0.5
    }
  }
  train(WARM_UP_STEPS)
  const passes = Array.from({ length: PASSES }, () => {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    train(STEPS)
    return (process.memoryUsage().heapUsed - before) / STEPS
  })
  return Math.min(...passes)
}

/** A plant forgets to close. */
function residentBytesPerCycle(model: CompiledModel, backend: Backend, isPlanted: boolean): number {
  const batch = batchOf(model)
  const cycles = (count: number): number => {
    for (let i = 0; i < count; i++) {
      const session = openSession(model, backend)
      session.trainStep(batch, 0.01, 1)
      if (!isPlanted) session.close()
      globalThis.gc?.()
    }
    return process.memoryUsage().rss
  }
  const before = cycles(WARM_UP_CYCLES)
  return (cycles(CYCLES) - before) / CYCLES
}

function openSession(model: CompiledModel, backend: Backend): Session {
  const session = createSession({ model, backend, threads: 1 })
  session.initialize(1)
  return session
}

function batchOf({ program, bindings }: CompiledModel): Batch {
  const shape = program.tensors[bindings.samples]?.shape ?? []
  const samples = new Float32Array(shape.reduce((product, n) => product * n, 1))
  fillUniform({ seed: 1, purpose: 'test' }, samples, -1, 1)
  return { samples, targets: Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES), count: BATCH }
}
