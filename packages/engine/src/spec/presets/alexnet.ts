// AlexNet in the one-column form that every framework has.

import { z } from 'zod'
import { activationNameSchema } from '../model-spec.ts'
import { classesSchema, dropoutSchema, imageShapeSchema } from './options.ts'
import { type ChainLayer, definePreset } from './preset.ts'

const DENSE_UNITS = 4096

export const alexnet = definePreset({
  title: 'AlexNet',
  summary: 'Five convolutions with overlapping max-pooling, then dense layers of 4096, 4096 and one per class with dropout.',
  source: 'Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014; names and sizes as in torchvision',
  options: z.strictObject({
    input: imageShapeSchema.default([3, 224, 224]),
    classes: classesSchema.default(1000),
    activation: activationNameSchema.default('relu'),
    dropout: dropoutSchema,
  }),
  expand: ({ input, classes, activation, dropout }) => {
    const conv = (filters: number, kernel: number, padding: number, stride = 1): ChainLayer[] => [
      { type: 'conv2d', filters, kernel, stride, padding },
      { type: activation },
    ]
    const pool: ChainLayer = { type: 'max_pool2d', kernel: 3, stride: 2 }
    return {
      input: { shape: [...input] },
      layers: [
        {
          type: 'sequential',
          id: 'features',
          layers: [...conv(64, 11, 2, 4), pool, ...conv(192, 5, 2), pool, ...conv(384, 3, 1), ...conv(256, 3, 1), ...conv(256, 3, 1), pool],
        },
        { type: 'flatten' },
        {
          type: 'sequential',
          id: 'classifier',
          layers: [
            { type: 'dropout', rate: dropout },
            { type: 'dense', units: DENSE_UNITS },
            { type: activation },
            { type: 'dropout', rate: dropout },
            { type: 'dense', units: DENSE_UNITS },
            { type: activation },
            { type: 'dense', units: classes },
          ],
        },
      ],
    }
  },
  published: [{ options: {}, parameters: 61_100_840, source: 'torchvision, AlexNet_Weights' }],
})
