// Larger images without parameters.

import { z } from 'zod'
import { defineLayer, single } from './layer.ts'
import { layerConfig, windowSchema } from './layer-config.ts'
import { toPair } from './window.ts'

export const upsampleConfigSchema = layerConfig('upsample', {
  scale: windowSchema.default(2).meta({ description: 'Factor of height and width: one number, or [height, width].' }),
  mode: z.enum(['nearest', 'bilinear']).default('nearest').meta({
    description: "'nearest' repeats pixels; 'bilinear' interpolates between pixel centers (align_corners false in PyTorch).",
  }),
})

export const upsample = defineLayer({
  summary: 'Images enlarged by whole factors: repeated or interpolated pixels.',
  config: upsampleConfigSchema,
  idPrefix: 'upsample',
  arity: [1, 1],
  inputRank: 3,
  build: (builder, [x], { scale, mode }) => single(builder.emit('upsample2d', [x], { scale: toPair(scale), mode })),
  samples: [
    { name: 'twice', config: { type: 'upsample' }, inputs: [[8, 7, 5]], output: [8, 14, 10], parameters: 0 },
    {
      name: 'bilinear',
      config: { type: 'upsample', scale: [1, 3], mode: 'bilinear' },
      inputs: [[1, 2, 2]],
      output: [1, 2, 6],
      parameters: 0,
    },
  ],
  errors: [{ config: { type: 'upsample' }, inputs: [[10]], code: 'wrong_rank' }],
})
