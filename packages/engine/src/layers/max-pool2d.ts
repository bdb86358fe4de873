// The maximum of each window.

import { defineLayer, single } from './layer.ts'
import { layerConfig, paddingSchema, windowSchema } from './layer-config.ts'
import { toPair, toSides } from './window.ts'

export const maxPool2dConfigSchema = layerConfig('max_pool2d', {
  kernel: windowSchema.default(2),
  stride: windowSchema.optional().meta({ description: 'Default: the kernel, so that windows do not overlap.' }),
  padding: paddingSchema.default('valid'),
})

export const maxPool2d = defineLayer({
  summary: 'The maximum of each window; a remainder at the border that fills no window is dropped.',
  config: maxPool2dConfigSchema,
  idPrefix: 'pool',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x], config) => {
    const [, , height = 0, width = 0] = builder.type(x).shape
    const kernel = toPair(config.kernel)
    const stride = config.stride === undefined ? kernel : toPair(config.stride)
    const padding = toSides(config.padding, { input: [height, width], kernel, stride, dilation: [1, 1] })
    return single(builder.emit('max_pool2d', [x], { kernel, stride, padding }))
  },
  samples: [
    { name: 'halves', config: { type: 'max_pool2d' }, inputs: [[6, 28, 28]], output: [6, 14, 14], parameters: 0 },
    { name: 'drops the remainder', config: { type: 'max_pool2d', kernel: 2 }, inputs: [[1, 5, 7]], output: [1, 2, 3], parameters: 0 },
    {
      name: 'overlapping, as in AlexNet',
      config: { type: 'max_pool2d', kernel: 3, stride: 2 },
      inputs: [[96, 55, 55]],
      output: [96, 27, 27],
      parameters: 0,
    },
    {
      name: 'padded, as in ResNet-18',
      config: { type: 'max_pool2d', kernel: 3, stride: 2, padding: 1 },
      inputs: [[64, 112, 112]],
      output: [64, 56, 56],
      parameters: 0,
    },
  ],
  errors: [
    { config: { type: 'max_pool2d' }, inputs: [[10]], code: 'wrong_rank' },
    { config: { type: 'max_pool2d', kernel: 3 }, inputs: [[1, 2, 8]], code: 'window_too_large' },
  ],
})
