// Pooling over whole images: what is left is a vector of channels. Source: Lin, Chen and Yan 2014, section 3.2.

import type { TensorId } from '../core/tensor.ts'
import { defineLayer, type LayerBuilder, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

export const globalAvgPool2dConfigSchema = layerConfig('global_avg_pool2d', {})
export const globalMaxPool2dConfigSchema = layerConfig('global_max_pool2d', {})

/** One window as large as the image. */
function wholeImage(builder: LayerBuilder, x: TensorId) {
  const [batch = 1, channels = 1, height = 1, width = 1] = builder.type(x).shape
  const attributes = { kernel: [height, width], stride: [1, 1], padding: [0, 0, 0, 0] } as const
  return { attributes, toVector: (y: TensorId) => single(builder.emit('reshape', [y], { shape: [batch, channels] })) }
}

export const globalAvgPool2d = defineLayer({
  summary: 'The mean of each channel: images become vectors of channels.',
  config: globalAvgPool2dConfigSchema,
  idPrefix: 'avgpool',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x]) => {
    const { attributes, toVector } = wholeImage(builder, x)
    return toVector(single(builder.emit('avg_pool2d', [x], { ...attributes, countIncludePadding: true })))
  },
  samples: [{ name: 'ResNet', config: { type: 'global_avg_pool2d' }, inputs: [[512, 7, 7]], output: [512], parameters: 0 }],
  errors: [{ config: { type: 'global_avg_pool2d' }, inputs: [[10]], code: 'wrong_rank' }],
})

export const globalMaxPool2d = defineLayer({
  summary: 'The maximum of each channel: images become vectors of channels.',
  config: globalMaxPool2dConfigSchema,
  idPrefix: 'maxpool',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x]) => {
    const { attributes, toVector } = wholeImage(builder, x)
    return toVector(single(builder.emit('max_pool2d', [x], attributes)))
  },
  samples: [{ name: 'not square', config: { type: 'global_max_pool2d' }, inputs: [[3, 5, 2]], output: [3], parameters: 0 }],
  errors: [{ config: { type: 'global_max_pool2d' }, inputs: [[10]], code: 'wrong_rank' }],
})
