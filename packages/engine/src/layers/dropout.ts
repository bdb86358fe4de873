// Dropout of single values and of whole channels. In evaluation and prediction both let everything through.

import { z } from 'zod'
import type { OpAttributes } from '../ops/registry.ts'
import { defineLayer, type LayerBuilder, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

const rate = z.number().min(0).lt(1).default(0.5).meta({ description: 'Probability of being zeroed. What stays is divided by 1 − rate.' })

export const dropoutConfigSchema = layerConfig('dropout', { rate })
export const spatialDropoutConfigSchema = layerConfig('spatial_dropout', { rate })

function emit(builder: LayerBuilder, x: number, unit: OpAttributes<'dropout'>['unit'], probability: number) {
  const { key, stream } = builder.randomness()
  const training = () => single(builder.emit('dropout', [x, key], { rate: probability, unit, stream }))
  // A view: nothing is computed.
  return builder.inInference(training, 'reshape', [x], { shape: builder.type(x).shape })
}

export const dropout = defineLayer({
  summary: 'Zeroes each value with a probability in training and scales the rest: the expectation stays (Srivastava et al. 2014).',
  config: dropoutConfigSchema,
  idPrefix: 'dropout',
  arity: [1, 1],
  inputRank: null,
  build: (builder, [x], config) => emit(builder, x, 'element', config.rate),
  samples: [
    { name: 'features', config: { type: 'dropout' }, inputs: [[5]], output: [5], parameters: 0 },
    { name: 'image', config: { type: 'dropout', rate: 0.25 }, inputs: [[3, 4, 5]], output: [3, 4, 5], parameters: 0 },
  ],
  errors: [],
})

export const spatialDropout = defineLayer({
  summary: 'Zeroes whole channels with a probability in training and scales the rest (Tompson et al. 2015).',
  config: spatialDropoutConfigSchema,
  idPrefix: 'dropout',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x], config) => emit(builder, x, 'channel', config.rate),
  samples: [{ name: 'image', config: { type: 'spatial_dropout', rate: 0.2 }, inputs: [[3, 4, 5]], output: [3, 4, 5], parameters: 0 }],
  errors: [{ config: { type: 'spatial_dropout' }, inputs: [[10]], code: 'wrong_rank' }],
})
