// The networks of the comparison; bench/peers/torch_step.py has the same ones.

import { buildModel, type CompiledModel } from '@trainyard/engine/plan'
import { buildGraph, type ModelSpecInput, modelSpecSchema } from '@trainyard/engine/spec'

interface BenchModel {
  readonly spec: ModelSpecInput
  readonly batchSize: number
}

const mlp = (sizes: readonly number[], activation: 'relu' | 'tanh'): ModelSpecInput => ({
  version: 1,
  preset: { name: 'mlp', options: { sizes, activation } },
})

const stage = (filters: number) =>
  [{ type: 'conv2d', filters, kernel: 3, padding: 'same' }, { type: 'relu' }, { type: 'max_pool2d', kernel: 2 }] as const

export const MODELS = {
  xor_mlp: { spec: mlp([2, 8, 2], 'tanh'), batchSize: 4 },
  iris_mlp: { spec: mlp([4, 16, 3], 'relu'), batchSize: 32 },
  mnist_mlp: { spec: mlp([784, 512, 256, 10], 'relu'), batchSize: 128 },
  lenet5: { spec: { version: 1, preset: { name: 'lenet5' } }, batchSize: 128 },
  mnist_cnn: {
    spec: {
      version: 1,
      input: { shape: [1, 28, 28] },
      layers: [
        ...stage(32),
        ...stage(64),
        { type: 'flatten' },
        { type: 'dense', units: 128 },
        { type: 'relu' },
        { type: 'dense', units: 10 },
      ],
    },
    batchSize: 128,
  },
} as const satisfies Record<string, BenchModel>

export type ModelName = keyof typeof MODELS
export const MODEL_NAMES = Object.keys(MODELS) as readonly ModelName[]

export function compiledModel(name: ModelName): CompiledModel {
  const { spec, batchSize } = MODELS[name]
  const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize })
  return buildModel(graph, {
    loss: { type: 'softmax_cross_entropy', label_smoothing: 0 },
    optimizer: { type: 'sgd', learning_rate: 0.01, momentum: 0.9, nesterov: false, weight_decay: 0 },
  })
}
