// A transposed convolution: the derivative of a convolution by its input, as a layer that enlarges images.
// Source: Zeiler et al. 2010; Dumoulin and Visin 2016, section 4.

import { z } from 'zod'
import { fans, toInitializerObject } from '../initializers/index.ts'
import { ShapeError } from '../ops/op.ts'
import { defineLayer, single } from './layer.ts'
import { dimensionSchema, initializerFields, layerConfig, paddingSchema, WINDOW_MAX, windowSchema } from './layer-config.ts'
import { type Pair, type Sides, toPair, toSides, type WindowGeometry } from './window.ts'

const outputPaddingSide = z.int().nonnegative().max(WINDOW_MAX)

export const convTranspose2dConfigSchema = layerConfig('conv_transpose2d', {
  filters: dimensionSchema.meta({ description: 'Output channels.' }),
  kernel: windowSchema.meta({ description: 'Window: one side, or [height, width].' }),
  stride: windowSchema.default(1).meta({ description: 'Factor by which the image grows.' }),
  padding: paddingSchema.default('valid').meta({
    description:
      "What is cut from the border of the output: 'valid' (nothing), 'same' (output size = input size · stride), one number, or [height, width].",
  }),
  output_padding: z
    .union([outputPaddingSide, z.tuple([outputPaddingSide, outputPaddingSide])])
    .default(0)
    .meta({ description: 'Rows and columns added at the bottom and right, less than the stride.' }),
  dilation: windowSchema.default(1).meta({ description: 'Distance between the taps of the window; 1 is dense.' }),
  groups: dimensionSchema.default(1).meta({ description: 'Independent groups of channels; divides input channels and filters.' }),
  bias: z.boolean().default(true),
  ...initializerFields,
})

type Config = z.output<typeof convTranspose2dConfigSchema>

export const convTranspose2d = defineLayer({
  summary: 'A transposed convolution: every pixel adds the filters, times its value, to a larger image.',
  config: convTranspose2dConfigSchema,
  idPrefix: 'deconv',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x], config) => {
    const { filters, groups, bias, weight_initializer = 'torch_default', bias_initializer = 'torch_default' } = config
    const [, channels = 0, height = 0, width = 0] = builder.type(x).shape
    requireGroups(channels, config)
    const [kernel, stride, dilation] = [toPair(config.kernel), toPair(config.stride), toPair(config.dilation)]
    const { padding, outputSize } = outputOf(config, { input: [height, width], kernel, stride, dilation })
    const shape = [channels, filters / groups, ...kernel]
    const fan = fans(shape)
    const weight = builder.parameter('weight', shape, { config: toInitializerObject(weight_initializer), ...fan })
    const y = single(builder.emit('conv2d_backward_data', [x, weight], { stride, padding, dilation, groups, inputSize: outputSize }))
    if (!bias) return y
    return single(
      builder.emit('bias_add', [y, builder.parameter('bias', [filters], { config: toInitializerObject(bias_initializer), ...fan })], {}),
    )
  },
  samples: [
    {
      name: 'DCGAN: 4x4 from one pixel',
      config: { type: 'conv_transpose2d', filters: 128, kernel: 4, bias: false },
      inputs: [[64, 1, 1]],
      output: [128, 4, 4],
      parameters: 131_072,
    },
    {
      name: 'DCGAN: twice the size',
      config: { type: 'conv_transpose2d', filters: 16, kernel: 4, stride: 2, padding: 1 },
      inputs: [[32, 7, 7]],
      output: [16, 14, 14],
      parameters: 8_208,
    },
    {
      name: 'output padding',
      config: { type: 'conv_transpose2d', filters: 4, kernel: 3, stride: 2, padding: 1, output_padding: [1, 0] },
      inputs: [[2, 5, 5]],
      output: [4, 10, 9],
      parameters: 76,
    },
    {
      name: 'same: the size times the stride',
      config: { type: 'conv_transpose2d', filters: 1, kernel: [5, 2], stride: [3, 4], padding: 'same' },
      inputs: [[2, 7, 5]],
      output: [1, 21, 20],
      parameters: 21,
    },
    {
      name: 'two groups, dilated',
      config: { type: 'conv_transpose2d', filters: 6, kernel: 3, dilation: 2, groups: 2, bias: false },
      inputs: [[4, 3, 3]],
      output: [6, 7, 7],
      parameters: 108,
    },
  ],
  errors: [
    { config: { type: 'conv_transpose2d', filters: 6, kernel: 5 }, inputs: [[784]], code: 'wrong_rank' },
    { config: { type: 'conv_transpose2d', filters: 6, kernel: 3, groups: 4 }, inputs: [[4, 8, 8]], code: 'groups_do_not_divide' },
    { config: { type: 'conv_transpose2d', filters: 6, kernel: 3, output_padding: 1 }, inputs: [[4, 8, 8]], code: 'invalid_attribute' },
    { config: { type: 'conv_transpose2d', filters: 6, kernel: 3, padding: 5 }, inputs: [[4, 8, 8]], code: 'nothing_left' },
  ],
})

function requireGroups(channels: number, { groups, filters }: Config): void {
  if (channels % groups === 0 && filters % groups === 0) return
  const message = `${groups} groups do not divide ${channels} input channels and ${filters} filters`
  throw new ShapeError('groups_do_not_divide', message, 'Use a number of groups that divides both.')
}

/** output = (input − 1) · stride − padding on both sides + dilation · (kernel − 1) + output padding + 1 */
function outputOf(config: Config, geometry: WindowGeometry): { readonly padding: Sides; readonly outputSize: Pair } {
  const { input, kernel, stride, dilation } = geometry
  const extra = toPair(config.output_padding)
  if (extra[0] >= stride[0] || extra[1] >= stride[1]) {
    const message = `output_padding ${extra.join('x')} with stride ${stride.join('x')}; expected less than the stride`
    throw new ShapeError('invalid_attribute', message, 'Use a smaller output_padding, such as 0.')
  }
  if (config.padding === 'same') {
    const outputSize: Pair = [input[0] * stride[0], input[1] * stride[1]]
    return { padding: toSides('same', { ...geometry, input: outputSize }), outputSize }
  }
  const padding = toSides(config.padding, geometry)
  const full = (side: 0 | 1) => (input[side] - 1) * stride[side] + dilation[side] * (kernel[side] - 1) + 1 + extra[side]
  const outputSize: Pair = [full(0) - padding[0] - padding[1], full(1) - padding[2] - padding[3]]
  if (outputSize[0] >= 1 && outputSize[1] >= 1) return { padding, outputSize }
  const message = `padding ${padding[0]}x${padding[2]} cuts all of the ${full(0)}x${full(1)} output; expected something left`
  throw new ShapeError('nothing_left', message, 'Use less padding or a larger kernel.')
}
