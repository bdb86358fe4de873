// Autoencoders: a narrow code between an encoder and a decoder. Train them with the target "reconstruction" and a squared error;
// with the augmentation "masking" or "gaussian_noise" the same networks are denoising autoencoders (Vincent et al. 2008).

import { z } from 'zod'
import { elementCount } from '../../core/tensor.ts'
import { dimensionSchema } from '../../layers/layer-config.ts'
import { activationNameSchema, inputShapeSchema } from '../model-spec.ts'
import { flattenIfImage, imageShapeSchema } from './options.ts'
import { type ChainLayer, definePreset } from './preset.ts'

const DEPTH_MAX = 20
/** The two convolutions of stride 2 quarter height and width. */
const REDUCTION = 4

const activation = activationNameSchema.default('relu').meta({ description: 'Between the layers.' })
const output_activation = activationNameSchema
  .optional()
  .meta({ description: 'After the last layer, such as sigmoid for pixels from 0 to 1. Default: none.' })

export const denseAutoencoder = definePreset({
  title: 'Dense autoencoder',
  summary: 'Dense layers down to a code and, mirrored, back to as many values as there were inputs.',
  source: 'Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006',
  options: z.strictObject({
    input: inputShapeSchema.default([1, 28, 28]).meta({ description: 'Shape of one row: [features] or [channels, height, width].' }),
    hidden: z.array(dimensionSchema).max(DEPTH_MAX).default([1000, 500, 250]).meta({ description: 'Units between inputs and code.' }),
    code: dimensionSchema.default(30).meta({ description: 'Units of the code.' }),
    activation,
    output_activation,
  }),
  expand: ({ input, hidden, code, activation, output_activation }) => {
    const layersOf = (sizes: readonly number[]): ChainLayer[] => sizes.flatMap((units) => [{ type: 'dense', units }, { type: activation }])
    const last: ChainLayer[] = output_activation === undefined ? [] : [{ type: output_activation }]
    const encoder: ChainLayer[] = [...layersOf(hidden), { type: 'dense', units: code }]
    const decoder: ChainLayer[] = [...layersOf(hidden.toReversed()), { type: 'dense', units: elementCount(input) }, ...last]
    return {
      input: { shape: input },
      layers: [
        ...flattenIfImage(input),
        { type: 'sequential', id: 'encoder', layers: encoder },
        { type: 'sequential', id: 'decoder', layers: decoder },
      ],
    }
  },
  published: [
    { options: {}, parameters: 2_837_314, source: 'the 784-1000-500-250-30 network of the paper with its mirror, biases included' },
    { options: { input: [4], hidden: [], code: 2 }, parameters: 22, source: '4·2 + 2 + 2·4 + 4' },
  ],
})

export const convAutoencoder = definePreset({
  title: 'Convolutional autoencoder',
  summary: 'Two convolutions of stride 2 and a dense layer to the code; a dense layer and two transposed convolutions back.',
  source: 'Masci, Meier, Cireşan and Schmidhuber, "Stacked convolutional auto-encoders for hierarchical feature extraction", 2011',
  options: z
    .strictObject({
      input: imageShapeSchema.default([1, 28, 28]),
      width: z.int().min(1).max(1024).default(16).meta({ description: 'Filters of the first convolution; the second has twice as many.' }),
      code: dimensionSchema.default(32).meta({ description: 'Units of the code.' }),
      activation,
      output_activation: activationNameSchema
        .default('sigmoid')
        .meta({ description: "After the last layer. Default: 'sigmoid', for pixels from 0 to 1." }),
    })
    .check(({ value: { input }, issues }) => {
      const [, height, width] = input
      if (height % REDUCTION === 0 && width % REDUCTION === 0) return
      issues.push({
        code: 'custom',
        input,
        path: ['input'],
        message: `The image is ${height}x${width}. Expected height and width that ${REDUCTION} divides.`,
        params: { code: 'wrong_size', hint: 'Resize or pad the images, for example to 28x28 or 32x32.' },
      })
    }),
  expand: ({ input, width, code, activation, output_activation }) => {
    const [channels, height, rowWidth] = input
    const small = [2 * width, height / REDUCTION, rowWidth / REDUCTION]
    const encoder: ChainLayer[] = [
      { type: 'conv2d', filters: width, kernel: 3, stride: 2, padding: 1 },
      { type: activation },
      { type: 'conv2d', filters: 2 * width, kernel: 3, stride: 2, padding: 1 },
      { type: activation },
      { type: 'flatten' },
      { type: 'dense', units: code },
    ]
    const decoder: ChainLayer[] = [
      { type: 'dense', units: elementCount(small) },
      { type: activation },
      { type: 'reshape', shape: small },
      { type: 'conv_transpose2d', filters: width, kernel: 4, stride: 2, padding: 1 },
      { type: activation },
      { type: 'conv_transpose2d', filters: channels, kernel: 4, stride: 2, padding: 1 },
      { type: output_activation },
      { type: 'flatten' },
    ]
    return {
      input: { shape: [...input] },
      layers: [
        { type: 'sequential', id: 'encoder', layers: encoder },
        { type: 'sequential', id: 'decoder', layers: decoder },
      ],
    }
  },
  published: [
    {
      options: {},
      parameters: 115_217,
      source: '160 + 4,640 of two convolutions, 50,208 + 51,744 of two dense layers, 8,208 + 257 of two transposed convolutions',
    },
  ],
})
