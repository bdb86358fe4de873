// All layers by type.

import { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from './activation.ts'
import { add } from './add.ts'
import { conv2d } from './conv2d.ts'
import { dense } from './dense.ts'
import { flatten } from './flatten.ts'
import type { Layer } from './layer.ts'
import { maxPool2d } from './max-pool2d.ts'

export const LAYERS = {
  dense,
  conv2d,
  max_pool2d: maxPool2d,
  flatten,
  relu,
  sigmoid,
  tanh,
  leaky_relu: leakyRelu,
  elu,
  gelu,
  silu,
  softplus,
  add,
} as const

export type LayerType = keyof typeof LAYERS
export const LAYER_TYPES = Object.keys(LAYERS) as readonly LayerType[]

/** The layer of a type, for code that knows the type only at run time. Its configuration must come from the same layer's schema. */
export function layerOf(type: LayerType): Layer {
  return LAYERS[type] as unknown as Layer
}
