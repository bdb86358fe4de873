// A run that goes on from its exported state on oneDNN ends with the bits of the undisturbed one: blocked layouts and padding lose nothing.

import { describe, expect, it } from 'vitest'
import { buildModel } from '../../plan/index.ts'
import { fillUniform } from '../../random/index.ts'
import {
  buildGraph,
  type ModelSpecInput,
  modelSpecSchema,
  type OptimizerConfig,
  optimizerConfigSchema,
  type TrainingConfig,
} from '../../spec/index.ts'
import { createSession, type Session } from '../../train/index.ts'
import { openOnednn } from './index.ts'

const BATCH = 16
const STEPS = 6

type Policy = Partial<Pick<TrainingConfig, 'regularization' | 'gradient_clipping' | 'diagnostics'>>

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
const sgd = optimizerConfigSchema.parse({ type: 'sgd', learning_rate: 0.05 })
const cases: [name: string, spec: ModelSpecInput, optimizer: OptimizerConfig, policy: Policy][] = [
  ...networks.flatMap(([network, spec]) =>
    optimizers.map(([name, optimizer]): (typeof cases)[number] => [`${network}, ${name}`, spec, optimizer, {}]),
  ),
  [
    'lenet5, penalties, clipping by norm and bounded weights',
    { version: 1, preset: { name: 'lenet5' } },
    sgd,
    {
      regularization: { l1: 1e-4, l2: 1e-3, max_norm: 0.5, on: 'weights' },
      gradient_clipping: { norm: 0.1 },
      diagnostics: { gradient_norms: true },
    },
  ],
  ['lenet5, clipping by value', { version: 1, preset: { name: 'lenet5' } }, sgd, { gradient_clipping: { value: 0.001 } }],
]

function open(spec: ModelSpecInput, optimizer: OptimizerConfig, policy: Policy): Session {
  if (!opened.available) throw new Error(opened.reason)
  const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize: BATCH })
  const model = buildModel(graph, { loss: { type: 'softmax_cross_entropy', label_smoothing: 0 }, optimizer, ...policy })
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
  it.each(cases)('is exact with %s', (_, spec, optimizer, policy) => {
    const undisturbed = open(spec, optimizer, policy)
    undisturbed.initialize(1)
    trainSteps(undisturbed, 1, STEPS, optimizer.learning_rate)

    const first = open(spec, optimizer, policy)
    first.initialize(1)
    trainSteps(first, 1, STEPS / 2, optimizer.learning_rate)
    const second = open(spec, optimizer, policy)
    second.importState(first.exportState(), { strict: true })
    trainSteps(second, STEPS / 2 + 1, STEPS, optimizer.learning_rate)

    expect(second.exportState()).toEqual(undisturbed.exportState())
    for (const session of [undisturbed, first, second]) session.close()
  })
})
