// All layers by type.

import { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from './activation.ts'
import { add } from './add.ts'
import { avgPool2d } from './avg-pool2d.ts'
import { batchNorm } from './batch-norm.ts'
import { concatenate } from './concatenate.ts'
import { convTranspose2d } from './conv-transpose2d.ts'
import { conv2d } from './conv2d.ts'
import { dense } from './dense.ts'
import { dropout, spatialDropout } from './dropout.ts'
import { flatten } from './flatten.ts'
import { globalAvgPool2d, globalMaxPool2d } from './global-pool2d.ts'
import type { Layer } from './layer.ts'
import { layerNorm } from './layer-norm.ts'
import { maxPool2d } from './max-pool2d.ts'
import { padChannels } from './pad-channels.ts'
import { reshape } from './reshape.ts'
import { softmax } from './softmax.ts'
import { threshold } from './threshold.ts'
import { upsample } from './upsample.ts'

export const LAYERS = {
  dense,
  conv2d,
  conv_transpose2d: convTranspose2d,
  max_pool2d: maxPool2d,
  avg_pool2d: avgPool2d,
  global_max_pool2d: globalMaxPool2d,
  global_avg_pool2d: globalAvgPool2d,
  upsample,
  flatten,
  reshape,
  pad_channels: padChannels,
  batch_norm: batchNorm,
  layer_norm: layerNorm,
  dropout,
  spatial_dropout: spatialDropout,
  relu,
  sigmoid,
  tanh,
  leaky_relu: leakyRelu,
  elu,
  gelu,
  silu,
  softplus,
  threshold,
  softmax,
  add,
  concatenate,
} as const

export type LayerType = keyof typeof LAYERS
export const LAYER_TYPES = Object.keys(LAYERS) as readonly LayerType[]

/** The layer of a type, for code that knows the type only at run time. Its configuration must come from the same layer's schema. */
export function layerOf(type: LayerType): Layer {
  return LAYERS[type] as unknown as Layer
}
