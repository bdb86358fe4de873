// A fully connected layer: y = x · weightᵀ + bias.

import { z } from 'zod'
import { dimensionSchema, initializerFields, layerConfig } from './layer-config.ts'

export const denseConfigSchema = layerConfig('dense', {
  units: dimensionSchema.meta({ description: 'Outputs.' }),
  bias: z.boolean().default(true),
  ...initializerFields,
})
