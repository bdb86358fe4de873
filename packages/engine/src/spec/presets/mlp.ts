// A multilayer perceptron of any depth.

import { z } from 'zod'
import { dimensionSchema } from '../../layers/layer-config.ts'
import { activationNameSchema, inputShapeSchema } from '../model-spec.ts'
import { flattenIfImage } from './options.ts'
import { type ChainLayer, definePreset } from './preset.ts'

const DEPTH_MAX = 200

export const mlp = definePreset({
  title: 'Multilayer perceptron',
  summary: 'Dense layers with an activation between them. sizes [2, 8, 1] is a network of 2 inputs, 8 hidden units and 1 output.',
  source: 'Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", 1986',
  options: z
    .strictObject({
      sizes: z.array(dimensionSchema).min(2).max(DEPTH_MAX).meta({ description: 'Units of every layer, inputs first, outputs last.' }),
      activation: activationNameSchema.default('relu').meta({ description: 'Between the layers.' }),
      output_activation: activationNameSchema.optional().meta({ description: 'After the last layer. Default: none (logits).' }),
      input: inputShapeSchema.optional().meta({ description: 'Shape of one row where it is no vector: [1, 28, 28]. Default: [sizes[0]].' }),
    })
    .check((context) => {
      const { input, sizes } = context.value
      const elements = input?.reduce((product, size) => product * size, 1)
      if (elements === undefined || elements === sizes[0]) return
      context.issues.push({
        code: 'custom',
        input: sizes,
        path: ['sizes', 0],
        message: `The first size is ${sizes[0]}, but an input of shape [${input?.join(', ')}] has ${elements} values.`,
        params: { code: 'wrong_size', hint: `Use ${elements} as the first size.` },
      })
    }),
  expand: ({ sizes, activation, output_activation, input }) => {
    const [inputs = 1, ...outputs] = sizes
    const shape = input ?? [inputs]
    const layers = outputs.flatMap((units, index): ChainLayer[] => {
      const after = index < outputs.length - 1 ? activation : output_activation
      return after === undefined ? [{ type: 'dense', units }] : [{ type: 'dense', units }, { type: after }]
    })
    return { input: { shape }, layers: [...flattenIfImage(shape), ...layers] }
  },
  published: [
    { options: { sizes: [2, 8, 1] }, parameters: 33, source: '2·8 + 8 + 8·1 + 1' },
    { options: { sizes: [784, 128, 10] }, parameters: 101_770, source: 'TensorFlow quickstart for beginners, model.summary()' },
    {
      options: { sizes: [784, 512, 512, 10], input: [1, 28, 28] },
      parameters: 669_706,
      source: 'Keras example mnist_mlp; PyTorch quickstart',
    },
  ],
})
