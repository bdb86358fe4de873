// The sum of two or more inputs of equal shape: the joint of a residual block.

import { defineLayer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

export const addConfigSchema = layerConfig('add', {})

export const add = defineLayer({
  summary: 'The sum of two or more inputs of equal shape.',
  config: addConfigSchema,
  idPrefix: 'add',
  arity: [2, 16],
  inputRank: null,
  build: (builder, [first, ...rest]) => rest.reduce((sum, next) => single(builder.emit('add', [sum, next], {})), first),
  samples: [
    {
      name: 'two',
      config: { type: 'add' },
      inputs: [
        [16, 8, 8],
        [16, 8, 8],
      ],
      output: [16, 8, 8],
      parameters: 0,
    },
    { name: 'three', config: { type: 'add' }, inputs: [[4], [4], [4]], output: [4], parameters: 0 },
  ],
  errors: [{ config: { type: 'add' }, inputs: [[4], [5]], code: 'shape_mismatch' }],
})
