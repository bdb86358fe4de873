// A two-dimensional convolution (cross-correlation, as in every framework) over [channels, height, width].

import { z } from 'zod'
import { dimensionSchema, initializerFields, layerConfig, paddingSchema, windowSchema } from './layer-config.ts'

export const conv2dConfigSchema = layerConfig('conv2d', {
  filters: dimensionSchema.meta({ description: 'Output channels.' }),
  kernel: windowSchema,
  stride: windowSchema.default(1),
  padding: paddingSchema.default('valid'),
  dilation: windowSchema.default(1).meta({ description: 'Distance between the taps of the window; 1 is dense.' }),
  groups: dimensionSchema.default(1).meta({ description: 'Independent groups of channels; divides input channels and filters.' }),
  bias: z.boolean().default(true),
  ...initializerFields,
})
