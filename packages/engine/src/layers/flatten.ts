// All but the batch as one dimension.

import { elementCount } from '../core/tensor.ts'
import { defineLayer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

export const flattenConfigSchema = layerConfig('flatten', {})

export const flatten = defineLayer({
  summary: 'All but the batch as one dimension, rows first as in memory.',
  config: flattenConfigSchema,
  idPrefix: 'flatten',
  arity: [1, 1],
  inputRank: null,
  build: (builder, [x]) => {
    const [batch = 1, ...rest] = builder.type(x).shape
    return single(builder.emit('reshape', [x], { shape: [batch, elementCount(rest)] }))
  },
  samples: [
    { name: 'an image', config: { type: 'flatten' }, inputs: [[16, 5, 5]], output: [400], parameters: 0 },
    { name: 'what is flat stays', config: { type: 'flatten' }, inputs: [[7]], output: [7], parameters: 0 },
  ],
  errors: [],
})
