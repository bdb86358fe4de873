// A two-dimensional convolution (cross-correlation, as in every framework) over [channels, height, width].

import { z } from 'zod'
import { fans, toInitializerObject } from '../initializers/index.ts'
import { defineLayer, single } from './layer.ts'
import { dimensionSchema, initializerFields, layerConfig, paddingSchema, windowSchema } from './layer-config.ts'
import { toPair, toSides } from './window.ts'

export const conv2dConfigSchema = layerConfig('conv2d', {
  filters: dimensionSchema.meta({ description: 'Output channels.' }),
  kernel: windowSchema.meta({ description: 'Window: one side, or [height, width].' }),
  stride: windowSchema.default(1),
  padding: paddingSchema.default('valid'),
  dilation: windowSchema.default(1).meta({ description: 'Distance between the taps of the window; 1 is dense.' }),
  groups: dimensionSchema.default(1).meta({ description: 'Independent groups of channels; divides input channels and filters.' }),
  bias: z.boolean().default(true),
  ...initializerFields,
})

export const conv2d = defineLayer({
  summary: 'A convolution: every filter sees all channels of a window.',
  config: conv2dConfigSchema,
  idPrefix: 'conv',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x], config) => {
    const { filters, groups, bias, weight_initializer = 'torch_default', bias_initializer = 'torch_default' } = config
    const [, channels = 0, height = 0, width = 0] = builder.type(x).shape
    const [kernel, stride, dilation] = [toPair(config.kernel), toPair(config.stride), toPair(config.dilation)]
    const padding = toSides(config.padding, { input: [height, width], kernel, stride, dilation })
    const shape = [filters, Math.floor(channels / groups), ...kernel]
    const fan = fans(shape)
    const inputs = [x, builder.parameter('weight', shape, { config: toInitializerObject(weight_initializer), ...fan })]
    if (bias) inputs.push(builder.parameter('bias', [filters], { config: toInitializerObject(bias_initializer), ...fan }))
    return single(builder.emit('conv2d', inputs, { stride, padding, dilation, groups }))
  },
  samples: [
    {
      name: 'LeNet-5, first',
      config: { type: 'conv2d', filters: 6, kernel: 5, padding: 2 },
      inputs: [[1, 28, 28]],
      output: [6, 28, 28],
      parameters: 156,
    },
    {
      name: 'AlexNet, first: stride 4',
      config: { type: 'conv2d', filters: 96, kernel: 11, stride: 4 },
      inputs: [[3, 227, 227]],
      output: [96, 55, 55],
      parameters: 34_944,
    },
    {
      name: 'same with stride 2 on an odd size',
      config: { type: 'conv2d', filters: 2, kernel: 3, stride: 2, padding: 'same', bias: false },
      inputs: [[1, 7, 8]],
      output: [2, 4, 4],
      parameters: 18,
    },
    {
      name: 'two groups, dilated, not square',
      config: { type: 'conv2d', filters: 4, kernel: [3, 1], dilation: [2, 1], groups: 2 },
      inputs: [[6, 9, 5]],
      output: [4, 5, 5],
      parameters: 40,
    },
  ],
  errors: [
    { config: { type: 'conv2d', filters: 6, kernel: 5 }, inputs: [[784]], code: 'wrong_rank' },
    { config: { type: 'conv2d', filters: 6, kernel: 5 }, inputs: [[1, 4, 4]], code: 'window_too_large' },
    { config: { type: 'conv2d', filters: 6, kernel: 3, groups: 2 }, inputs: [[3, 8, 8]], code: 'groups_do_not_divide' },
  ],
})
