// Layer normalization: every row by its own statistics, alike in all phases.

import { defineLayer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'
import { epsilonSchema, normalizationParameters } from './normalization.ts'

export const layerNormConfigSchema = layerConfig('layer_norm', { epsilon: epsilonSchema })

export const layerNorm = defineLayer({
  summary: 'Each row to mean 0 and variance 1 over all its values, then a learned scale and shift of each (Ba, Kiros and Hinton 2016).',
  config: layerNormConfigSchema,
  idPrefix: 'ln',
  arity: [1, 1],
  inputRank: null,
  build: (builder, [x], { epsilon }) => {
    const { weight, bias } = normalizationParameters(builder, builder.type(x).shape.slice(1))
    return single(builder.emit('layer_norm', [x, weight, bias], { epsilon }))
  },
  samples: [
    { name: 'features', config: { type: 'layer_norm' }, inputs: [[5]], output: [5], parameters: 10 },
    { name: 'image: one pair per value', config: { type: 'layer_norm' }, inputs: [[3, 4, 5]], output: [3, 4, 5], parameters: 120 },
  ],
  errors: [],
})
