// The small convolutional network of countless MNIST tutorials.

import { z } from 'zod'
import { classesSchema, imageShapeSchema } from './options.ts'
import { definePreset } from './preset.ts'

export const mnistCnn = definePreset({
  title: 'MNIST CNN',
  summary: 'Two 3×3 convolutions (32 and 64 filters) with ReLU and 2×2 pooling, then dense layers of 128 and one per class.',
  source: 'The usual tutorial network; 99 % on MNIST after a few epochs',
  options: z.strictObject({
    input: imageShapeSchema.default([1, 28, 28]),
    classes: classesSchema.default(10),
  }),
  expand: ({ input, classes }) => ({
    input: { shape: [...input] },
    layers: [
      { type: 'conv2d', filters: 32, kernel: 3, padding: 1 },
      { type: 'relu' },
      { type: 'max_pool2d', kernel: 2 },
      { type: 'conv2d', filters: 64, kernel: 3, padding: 1 },
      { type: 'relu' },
      { type: 'max_pool2d', kernel: 2 },
      { type: 'flatten' },
      { type: 'dense', units: 128 },
      { type: 'relu' },
      { type: 'dense', units: classes },
    ],
  }),
  published: [{ options: {}, parameters: 421_642, source: '(9 + 1)·32 + (32·9 + 1)·64 + (3136 + 1)·128 + (128 + 1)·10' }],
})
