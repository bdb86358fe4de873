// Probabilities as a layer.

import { defineLayer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

export const softmaxConfigSchema = layerConfig('softmax', {})

export const softmax = defineLayer({
  summary: 'e^x / Σ e^x over the features: probabilities. A model that ends in it does not go with a loss that takes logits.',
  config: softmaxConfigSchema,
  idPrefix: 'softmax',
  arity: [1, 1],
  inputRank: 1,
  build: (builder, [x]) => single(builder.emit('softmax', [x], {})),
  samples: [{ name: 'ten', config: { type: 'softmax' }, inputs: [[10]], output: [10], parameters: 0 }],
  errors: [{ config: { type: 'softmax' }, inputs: [[1, 28, 28]], code: 'wrong_rank' }],
})
