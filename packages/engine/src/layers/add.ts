// The sum of two or more inputs of equal shape: the joint of a residual block.

import { layerConfig } from './layer-config.ts'

export const addConfigSchema = layerConfig('add', {})
