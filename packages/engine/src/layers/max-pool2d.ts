// The maximum of each window.

import { layerConfig, paddingSchema, windowSchema } from './layer-config.ts'

export const maxPool2dConfigSchema = layerConfig('max_pool2d', {
  kernel: windowSchema.default(2),
  stride: windowSchema.optional().meta({ description: 'Default: the kernel, so that windows do not overlap.' }),
  padding: paddingSchema.default('valid'),
})
