// Batch normalization over features or channels. In training with the batch's statistics, else with their running averages.

import { z } from 'zod'
import { valuesPerChannel } from '../ops/normalization.ts'
import { defineLayer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'
import { epsilonSchema, normalizationParameters } from './normalization.ts'

export const batchNormConfigSchema = layerConfig('batch_norm', {
  epsilon: epsilonSchema,
  momentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .meta({ description: 'Weight of the newest statistics in the running ones, as in PyTorch.' }),
  frozen: z.boolean().default(false).meta({
    description:
      'Normalize with the running statistics in training too, and leave them alone; scale and shift are still learned. A layer that a transfer freezes does so by itself.',
  }),
})

export const batchNorm = defineLayer({
  summary: 'Each channel to mean 0 and variance 1 over the batch, then a learned scale and shift (Ioffe and Szegedy 2015).',
  config: batchNormConfigSchema,
  idPrefix: 'bn',
  arity: [1, 1],
  inputRank: null,
  build: (builder, [x], { epsilon, momentum, frozen }) => {
    const [, channels = 0] = builder.type(x).shape
    const { weight, bias } = normalizationParameters(builder, [channels])
    const mean = builder.buffer('running_mean', [channels], { config: { type: 'zeros' }, fanIn: 1, fanOut: 1 })
    const variance = builder.buffer('running_var', [channels], { config: { type: 'constant', value: 1 }, fanIn: 1, fanOut: 1 })
    const inference = [x, weight, bias, mean, variance]
    if (frozen) return single(builder.emit('batch_norm_inference', inference, { epsilon }))
    const training = () => {
      const [y = x, batchMean = x, inverseStd = x] = builder.emit('batch_norm', [x, weight, bias], { epsilon })
      const values = valuesPerChannel(builder.type(x))
      builder.update('running_statistics', [mean, variance, batchMean, inverseStd], [mean, variance], { momentum, epsilon, values })
      return y
    }
    return builder.inInference(training, 'batch_norm_inference', inference, { epsilon })
  },
  samples: [
    { name: 'features', config: { type: 'batch_norm' }, inputs: [[5]], output: [5], parameters: 10 },
    { name: 'image: one pair per channel', config: { type: 'batch_norm' }, inputs: [[64, 8, 8]], output: [64, 8, 8], parameters: 128 },
    { name: 'frozen', config: { type: 'batch_norm', frozen: true, epsilon: 0.001 }, inputs: [[3, 4, 5]], output: [3, 4, 5], parameters: 6 },
  ],
  errors: [],
})
