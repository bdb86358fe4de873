// A fully connected layer: y = x · weightᵀ + bias.

import { z } from 'zod'
import { fans, toInitializerObject } from '../initializers/index.ts'
import { defineLayer, single } from './layer.ts'
import { dimensionSchema, initializerFields, layerConfig } from './layer-config.ts'

export const denseConfigSchema = layerConfig('dense', {
  units: dimensionSchema.meta({ description: 'Outputs.' }),
  bias: z.boolean().default(true),
  ...initializerFields,
})

export const dense = defineLayer({
  summary: 'A fully connected layer: y = x · weightᵀ + bias.',
  config: denseConfigSchema,
  idPrefix: 'fc',
  arity: [1, 1],
  inputRank: 1,
  build: (builder, [x], { units, bias, weight_initializer = 'torch_default', bias_initializer = 'torch_default' }) => {
    const [, features = 0] = builder.type(x).shape
    const fan = fans([units, features])
    const inputs = [x, builder.parameter('weight', [units, features], { config: toInitializerObject(weight_initializer), ...fan })]
    if (bias) inputs.push(builder.parameter('bias', [units], { config: toInitializerObject(bias_initializer), ...fan }))
    return single(builder.emit('dense', inputs, {}))
  },
  samples: [
    { name: 'with bias', config: { type: 'dense', units: 120 }, inputs: [[400]], output: [120], parameters: 48_120 },
    { name: 'without bias', config: { type: 'dense', units: 3, bias: false }, inputs: [[2]], output: [3], parameters: 6 },
  ],
  errors: [{ config: { type: 'dense', units: 10 }, inputs: [[1, 28, 28]], code: 'wrong_rank' }],
})
