// One dense layer: logistic regression with the softmax cross-entropy loss, linear regression with the squared error.

import { z } from 'zod'
import { inputShapeSchema } from '../model-spec.ts'
import { classesSchema, flattenIfImage } from './options.ts'
import { definePreset } from './preset.ts'

export const logisticRegression = definePreset({
  title: 'Logistic regression',
  summary: 'One dense layer from the inputs to one output per class.',
  source: 'Berkson, "Application of the logistic function to bio-assay", 1944',
  options: z.strictObject({
    input: inputShapeSchema.meta({ description: 'Shape of one row: [features] or [channels, height, width].' }),
    classes: classesSchema,
  }),
  expand: ({ input, classes }) => ({ input: { shape: input }, layers: [...flattenIfImage(input), { type: 'dense', units: classes }] }),
  published: [
    { options: { input: [1, 28, 28], classes: 10 }, parameters: 7_850, source: 'TensorFlow "MNIST for ML beginners": 784·10 + 10' },
    { options: { input: [4], classes: 3 }, parameters: 15, source: '4·3 + 3 (Iris)' },
  ],
})
