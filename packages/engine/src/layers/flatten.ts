// All but the batch as one dimension.

import { layerConfig } from './layer-config.ts'

export const flattenConfigSchema = layerConfig('flatten', {})
