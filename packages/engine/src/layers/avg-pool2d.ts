// The mean of each window.

import { z } from 'zod'
import { defineLayer, single } from './layer.ts'
import { layerConfig, paddingSchema, windowSchema } from './layer-config.ts'
import { toPair, toSides } from './window.ts'

export const avgPool2dConfigSchema = layerConfig('avg_pool2d', {
  kernel: windowSchema.default(2),
  stride: windowSchema.optional().meta({ description: 'Default: the kernel, so that windows do not overlap.' }),
  padding: paddingSchema.default('valid'),
  count_include_pad: z.boolean().default(true).meta({ description: 'Whether padding counts as zeros or not at all.' }),
})

export const avgPool2d = defineLayer({
  summary: 'The mean of each window; a remainder at the border that fills no window is dropped.',
  config: avgPool2dConfigSchema,
  idPrefix: 'pool',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x], config) => {
    const [, , height = 0, width = 0] = builder.type(x).shape
    const kernel = toPair(config.kernel)
    const stride = config.stride === undefined ? kernel : toPair(config.stride)
    const padding = toSides(config.padding, { input: [height, width], kernel, stride, dilation: [1, 1] })
    return single(builder.emit('avg_pool2d', [x], { kernel, stride, padding, countIncludePadding: config.count_include_pad }))
  },
  samples: [
    { name: 'halves', config: { type: 'avg_pool2d' }, inputs: [[6, 28, 28]], output: [6, 14, 14], parameters: 0 },
    {
      name: 'every second pixel',
      config: { type: 'avg_pool2d', kernel: 1, stride: 2 },
      inputs: [[16, 32, 31]],
      output: [16, 16, 16],
      parameters: 0,
    },
    {
      name: 'padded, overlapping',
      config: { type: 'avg_pool2d', kernel: 3, stride: 1, padding: 'same', count_include_pad: false },
      inputs: [[192, 28, 28]],
      output: [192, 28, 28],
      parameters: 0,
    },
  ],
  errors: [
    { config: { type: 'avg_pool2d' }, inputs: [[10]], code: 'wrong_rank' },
    { config: { type: 'avg_pool2d', kernel: 3 }, inputs: [[1, 2, 8]], code: 'window_too_large' },
    { config: { type: 'avg_pool2d', padding: 2 }, inputs: [[1, 8, 8]], code: 'invalid_attribute' },
  ],
})
