// The networks of the comparison; bench/peers/torch_step.py has the same ones.

import { buildModel, type CompiledModel } from '@trainyard/engine/plan'
import { buildGraph, type ModelSpecInput, modelSpecSchema, trainingConfigSchema } from '@trainyard/engine/spec'

export interface BenchModel {
  readonly spec: ModelSpecInput
  readonly batchSize: number
  /** Default: softmax_cross_entropy. */
  readonly loss?: 'softmax_cross_entropy' | 'squared_error'
}

export const mlp = (sizes: readonly number[], activation: 'relu' | 'tanh'): ModelSpecInput => ({
  version: 1,
  preset: { name: 'mlp', options: { sizes, activation } },
})

/** A convolution with its pooling: half the height and width. */
export const stage = (filters: number) =>
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
  resnet20: { spec: { version: 1, preset: { name: 'resnet20', options: { shortcut: 'projection' } } }, batchSize: 128 },
  vgg11_bn: {
    spec: { version: 1, preset: { name: 'vgg11', options: { input: [3, 32, 32], classes: 10, batch_norm: true } } },
    batchSize: 64,
  },
  conv_autoencoder: { spec: { version: 1, preset: { name: 'conv_autoencoder' } }, batchSize: 128, loss: 'squared_error' },
} as const satisfies Record<string, BenchModel>

export type ModelName = keyof typeof MODELS
export const MODEL_NAMES = Object.keys(MODELS) as readonly ModelName[]

/** @throws Error for a name that is not among them */
export function knownModel(name: string): ModelName {
  const known = MODEL_NAMES.find((model) => model === name)
  if (known === undefined) throw new Error(`--model ${name} is unknown. Use one of ${MODEL_NAMES.join(', ')}.`)
  return known
}

/** SGD with momentum 0.9, as the peer. */
export function compiledModel({ spec, batchSize, loss = 'softmax_cross_entropy' }: BenchModel): CompiledModel {
  const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize })
  const training = trainingConfigSchema.parse({ loss: { type: loss }, optimizer: { type: 'sgd', learning_rate: 0.01, momentum: 0.9 } })
  return buildModel(graph, training)
}
