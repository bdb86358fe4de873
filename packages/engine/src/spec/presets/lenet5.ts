// LeNet-5 with full connections, as every framework teaches it.

import { z } from 'zod'
import { classesSchema, imageShapeSchema } from './options.ts'
import { definePreset } from './preset.ts'

/** LeCun's digits were 28×28 in a 32×32 frame; smaller images get this frame as padding. */
const FRAME = 32
const PADDING = 2

export const lenet5 = definePreset({
  title: 'LeNet-5',
  summary: 'Two 5×5 convolutions (6 and 16 filters) with 2×2 pooling, then dense layers of 120, 84 and one per class.',
  source: 'LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998',
  options: z.strictObject({
    input: imageShapeSchema.default([1, 28, 28]),
    classes: classesSchema.default(10),
    activation: z.enum(['relu', 'tanh']).default('relu').meta({ description: "'tanh' as in the paper, 'relu' trains faster." }),
  }),
  expand: ({ input, classes, activation }) => {
    const [, height, width] = input
    return {
      input: { shape: [...input] },
      layers: [
        { type: 'conv2d', filters: 6, kernel: 5, padding: [height < FRAME ? PADDING : 0, width < FRAME ? PADDING : 0] },
        { type: activation },
        { type: 'max_pool2d', kernel: 2 },
        { type: 'conv2d', filters: 16, kernel: 5 },
        { type: activation },
        { type: 'max_pool2d', kernel: 2 },
        { type: 'flatten' },
        { type: 'dense', units: 120 },
        { type: activation },
        { type: 'dense', units: 84 },
        { type: activation },
        { type: 'dense', units: classes },
      ],
    }
  },
  published: [
    { options: {}, parameters: 61_706, source: 'Dive into Deep Learning, 7.6: 156 + 2,416 + 48,120 + 10,164 + 850' },
    { options: { input: [3, 32, 32] }, parameters: 62_006, source: 'PyTorch\'s CIFAR-10 tutorial "Training a classifier"' },
  ],
})
