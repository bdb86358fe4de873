// Inputs beside each other along the channels: joints of U-Nets and Inception blocks.

import { defineLayer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

export const concatenateConfigSchema = layerConfig('concatenate', {})

export const concatenate = defineLayer({
  summary: 'Two or more inputs joined along the channels (or features), in order.',
  config: concatenateConfigSchema,
  idPrefix: 'concat',
  arity: [2, 16],
  inputRank: null,
  build: (builder, inputs) => single(builder.emit('concatenate', inputs, {})),
  samples: [
    {
      name: 'images',
      config: { type: 'concatenate' },
      inputs: [
        [16, 8, 8],
        [16, 8, 8],
      ],
      output: [32, 8, 8],
      parameters: 0,
    },
    { name: 'three vectors', config: { type: 'concatenate' }, inputs: [[4], [4], [4]], output: [12], parameters: 0 },
  ],
  errors: [],
})
