// How far training in float32 goes astray: hundreds of steps on every engine beside the same steps in float64. Smooth layers only: at a kink
// (a ReLU at 1e-8, two equal values in a window) the smallest difference may rightly decide otherwise, and the two would part for good.

import { describe, expect, it } from 'vitest'
import { buildModel, type CompiledModel } from '../../plan/index.ts'
import { fillUniform } from '../../random/index.ts'
import { buildGraph, type ModelSpecInput, modelSpecSchema, type OptimizerConfig, optimizerConfigSchema } from '../../spec/index.ts'
import { createSession, type StateTensors } from '../../train/index.ts'
import type { Backend } from '../backend.ts'
import { createReferenceBackend } from '../reference/index.ts'
import { openOnednn } from './index.ts'

const BATCH = 8
const CLASSES = 4
const STEPS = 300
const BATCHES = 5
/**
 * Length of the difference of a parameter relative to the parameter. Rounding to float32 alone gives 3e-8; 300 steps were seen to make at most
 * 3e-6 of it, over five seeds.
 */
const DRIFT_MAX = 1e-5

const conv = (filters: number) => ({ type: 'conv2d', filters, kernel: 3, padding: 'same' }) as const
const networks: readonly (readonly [string, ModelSpecInput])[] = [
  ['perceptron', { version: 1, preset: { name: 'mlp', options: { sizes: [7, 16, CLASSES], activation: 'tanh' } } }],
  [
    'convolutions',
    {
      version: 1,
      input: { shape: [1, 6, 6] },
      layers: [
        conv(4),
        { type: 'tanh' },
        { type: 'avg_pool2d', kernel: 2 },
        conv(6),
        { type: 'gelu' },
        { type: 'flatten' },
        { type: 'dense', units: CLASSES },
      ],
    },
  ],
]
const optimizers: readonly OptimizerConfig[] = [
  optimizerConfigSchema.parse({ type: 'sgd', learning_rate: 0.05, momentum: 0.9 }),
  // With the usual epsilon, the rounding of a gradient near 0 becomes a whole step.
  optimizerConfigSchema.parse({ type: 'adam', learning_rate: 0.002, epsilon: 0.001 }),
]
const cases = networks.flatMap(([name, spec]) => optimizers.map((optimizer) => [name, optimizer.type, spec, optimizer] as const))

const opened = openOnednn()
const engines: readonly (readonly [string, Backend])[] = [
  ['reference', createReferenceBackend()],
  ['vectors', createReferenceBackend({ vectors: true })],
  ...(opened.available ? [['onednn', opened.backend] as const] : []),
]

function train(backend: Backend, model: CompiledModel, learningRate: number): StateTensors {
  const session = createSession({ model, backend, threads: 1 })
  session.initialize(1)
  const { shape } = model.program.tensors[model.bindings.samples] ?? { shape: [] }
  const samples = new Float32Array(shape.reduce((product, n) => product * n, 1))
  for (let step = 1; step <= STEPS; step++) {
    const batch = step % BATCHES
    fillUniform({ seed: 1, purpose: 'test', a: batch }, samples, -1, 1)
    const targets = Int32Array.from({ length: BATCH }, (_, i) => (i + batch) % CLASSES)
    session.trainStep({ samples, targets, count: BATCH }, learningRate, step)
  }
  const state = session.exportState()
  session.close()
  return state
}

describe.each(cases)('%s, %s', (_, __, spec, optimizer) => {
  const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize: BATCH })
  const model = buildModel(graph, { loss: { type: 'softmax_cross_entropy', label_smoothing: 0 }, optimizer })
  const exact = train(createReferenceBackend({ real: 'float64' }), model, optimizer.learning_rate)

  it.each(engines)(`stays beside float64 for ${STEPS} steps: %s`, (_, backend) => {
    const actual = train(backend, model, optimizer.learning_rate)
    const names = [...exact.keys()].filter((name) => name.startsWith('model.'))
    expect(names.length).toBeGreaterThan(1)
    for (const name of names) expect(drift(exact.get(name)?.data ?? [], actual.get(name)?.data ?? []), name).toBeLessThan(DRIFT_MAX)
  })
})

function drift(exact: ArrayLike<number>, actual: ArrayLike<number>): number {
  const difference = Array.from(exact, (value, i) => value - (actual[i] ?? Number.NaN))
  return Math.hypot(...difference) / Math.hypot(...Array.from(exact))
}
