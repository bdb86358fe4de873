// A run that goes on from its exported state on oneDNN ends with the bits of the undisturbed one: blocked layouts and padding lose nothing.

import { describe, expect, it } from 'vitest'
import { buildModel } from '../../plan/index.ts'
import { fillUniform } from '../../random/index.ts'
import { buildGraph, type ModelSpecInput, modelSpecSchema, type OptimizerConfig, optimizerConfigSchema } from '../../spec/index.ts'
import { createSession, type Session } from '../../train/index.ts'
import { openOnednn } from './index.ts'

const BATCH = 16
const STEPS = 6

const opened = openOnednn()

const optimizers: [string, OptimizerConfig][] = [
  ['sgd with momentum', optimizerConfigSchema.parse({ type: 'sgd', learning_rate: 0.05, momentum: 0.9 })],
  ['adam', optimizerConfigSchema.parse({ type: 'adam' })],
]

const convolution = { type: 'conv2d', filters: 32, kernel: 3, padding: 'same' } as const
const networks: [string, ModelSpecInput][] = [
  ['lenet5', { version: 1, preset: { name: 'lenet5' } }],
  [
    "convolutions by Winograd's algorithm, batch norm and dropout",
    {
      version: 1,
      input: { shape: [1, 28, 28] },
      layers: [
        convolution,
        { type: 'batch_norm' },
        { type: 'relu' },
        { type: 'max_pool2d', kernel: 2 },
        convolution,
        { type: 'batch_norm' },
        { type: 'relu' },
        { type: 'dropout', rate: 0.3 },
        { type: 'global_avg_pool2d' },
        { type: 'dense', units: 10 },
      ],
    },
  ],
]
const cases = networks.flatMap(([network, spec]) =>
  optimizers.map(([name, optimizer]) => [`${network}, ${name}`, spec, optimizer] as const),
)

function open(spec: ModelSpecInput, optimizer: OptimizerConfig): Session {
  if (!opened.available) throw new Error(opened.reason)
  const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize: BATCH })
  const model = buildModel(graph, { loss: { type: 'softmax_cross_entropy', label_smoothing: 0 }, optimizer })
  return createSession({ model, backend: opened.backend, threads: 2 })
}

function trainSteps(session: Session, from: number, to: number, learningRate: number): void {
  for (let step = from; step <= to; step++) {
    const samples = new Float32Array(BATCH * 28 * 28)
    fillUniform({ seed: 3, purpose: 'test', a: step }, samples, -1, 1)
    session.trainStep({ samples, targets: Int32Array.from({ length: BATCH }, (_, i) => (i + step) % 10), count: BATCH }, learningRate, step)
  }
}

describe.skipIf(!opened.available)('a resume on oneDNN', () => {
  it.each(cases)('is exact with %s', (_, spec, optimizer) => {
    const undisturbed = open(spec, optimizer)
    undisturbed.initialize(1)
    trainSteps(undisturbed, 1, STEPS, optimizer.learning_rate)

    const first = open(spec, optimizer)
    first.initialize(1)
    trainSteps(first, 1, STEPS / 2, optimizer.learning_rate)
    const second = open(spec, optimizer)
    second.importState(first.exportState(), { strict: true })
    trainSteps(second, STEPS / 2 + 1, STEPS, optimizer.learning_rate)

    expect(second.exportState()).toEqual(undisturbed.exportState())
    for (const session of [undisturbed, first, second]) session.close()
  })
})
