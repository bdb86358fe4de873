// The dense network of the LeNet paper.

import { z } from 'zod'
import { activationNameSchema, inputShapeSchema } from '../model-spec.ts'
import { classesSchema, flattenIfImage } from './options.ts'
import { definePreset } from './preset.ts'

export const lenet300100 = definePreset({
  title: 'LeNet-300-100',
  summary: 'Dense layers of 300, 100 and one unit per class.',
  source: 'LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998',
  options: z.strictObject({
    input: inputShapeSchema.default([1, 28, 28]),
    classes: classesSchema.default(10),
    activation: activationNameSchema.default('relu'),
  }),
  expand: ({ input, classes, activation }) => ({
    input: { shape: input },
    layers: [
      ...flattenIfImage(input),
      { type: 'dense', units: 300 },
      { type: activation },
      { type: 'dense', units: 100 },
      { type: activation },
      { type: 'dense', units: classes },
    ],
  }),
  published: [{ options: {}, parameters: 266_610, source: 'Frankle and Carbin 2019, figure 2: 266K' }],
})
