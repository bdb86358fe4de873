// Channels of zeros: the parameter-free shortcut where a residual block gets wider. Source: He et al. 2016, section 3.3, option A.

import { z } from 'zod'
import { defineLayer, single } from './layer.ts'
import { DIMENSION_MAX, layerConfig } from './layer-config.ts'

const count = z.int().nonnegative().max(DIMENSION_MAX).default(0)

export const padChannelsConfigSchema = layerConfig('pad_channels', {
  before: count.meta({ description: 'Channels of zeros before those of the input.' }),
  after: count.meta({ description: 'Channels of zeros after them.' }),
})

export const padChannels = defineLayer({
  summary: 'The input with channels (or features) of zeros before and after its own.',
  config: padChannelsConfigSchema,
  idPrefix: 'pad',
  arity: [1, 1],
  inputRank: null,
  build: (builder, [x], { before, after }) => {
    const [batch = 1, , ...pixels] = builder.type(x).shape
    const zeros = (channels: number) =>
      channels === 0 ? [] : [single(builder.emit('fill', [], { shape: [batch, channels, ...pixels], value: 0 }))]
    const parts = [...zeros(before), x, ...zeros(after)]
    return parts.length === 1 ? x : single(builder.emit('concatenate', parts, {}))
  },
  samples: [
    {
      name: 'ResNet-20, 16 to 32 channels',
      config: { type: 'pad_channels', before: 8, after: 8 },
      inputs: [[16, 16, 16]],
      output: [32, 16, 16],
      parameters: 0,
    },
    { name: 'features', config: { type: 'pad_channels', after: 3 }, inputs: [[4]], output: [7], parameters: 0 },
    { name: 'nothing', config: { type: 'pad_channels' }, inputs: [[4]], output: [4], parameters: 0 },
  ],
  errors: [],
})
