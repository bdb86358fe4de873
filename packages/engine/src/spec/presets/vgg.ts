// The VGG networks: 3×3 convolutions and 2×2 pooling, nothing else.

import { z } from 'zod'
import { activationNameSchema } from '../model-spec.ts'
import { classesSchema, dropoutSchema, imageShapeSchema } from './options.ts'
import { type ChainLayer, definePreset, type PublishedCount } from './preset.ts'

type Depth = 11 | 13 | 16 | 19

/** Convolutions of each of the five stages: configurations A, B, D and E of the paper's table 1. */
const CONVOLUTIONS: { readonly [D in Depth]: readonly number[] } = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
}

/** Filters of each stage in multiples of the width. */
const MULTIPLES = [1, 2, 4, 8, 8] as const

const DENSE_UNITS = 4096
/** Smallest side of images that get the paper's head where none is asked for. */
const LARGE_IMAGE = 224

const optionsSchema = z.strictObject({
  input: imageShapeSchema.default([3, 224, 224]),
  classes: classesSchema.default(1000),
  batch_norm: z.boolean().default(false).meta({ description: 'Normalize after every convolution.' }),
  activation: activationNameSchema.default('relu'),
  width: z
    .int()
    .min(1)
    .max(1024)
    .default(64)
    .meta({ description: 'Filters of the first stage; later ones have up to eight times as many.' }),
  head: z.enum(['mlp', 'linear']).optional().meta({
    description:
      "'mlp': dense layers of 4096, 4096 and one per class with dropout, as in the paper; 'linear': one dense layer. Default: 'mlp' for images of at least 224 pixels, else 'linear'.",
  }),
  dropout: dropoutSchema,
})

function vgg(depth: Depth, published: readonly PublishedCount[]) {
  return definePreset({
    title: `VGG-${depth}`,
    summary: `${depth - 3} convolutions of 3×3 in five stages, then dense layers. Small images get one dense layer.`,
    source: 'Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015; names as in torchvision',
    options: optionsSchema,
    expand: ({ input, classes, batch_norm, activation, width, head, dropout }) => {
      const features = CONVOLUTIONS[depth].flatMap((count, stage): ChainLayer[] => [
        ...Array.from({ length: count }).flatMap((): ChainLayer[] => [
          {
            type: 'conv2d',
            filters: width * (MULTIPLES[stage] ?? 1),
            kernel: 3,
            padding: 1,
            weight_initializer: 'he_normal',
            bias_initializer: 'zeros',
          },
          ...(batch_norm ? ([{ type: 'batch_norm' }] as const) : []),
          { type: activation },
        ]),
        { type: 'max_pool2d', kernel: 2 },
      ])
      const hidden: ChainLayer[] = [{ type: 'dense', units: DENSE_UNITS }, { type: activation }, { type: 'dropout', rate: dropout }]
      const isLarge = Math.min(input[1], input[2]) >= LARGE_IMAGE
      const before = (head ?? (isLarge ? 'mlp' : 'linear')) === 'mlp' ? [...hidden, ...hidden] : []
      return {
        input: { shape: [...input] },
        layers: [
          { type: 'sequential', id: 'features', layers: features },
          { type: 'flatten' },
          { type: 'sequential', id: 'classifier', layers: [...before, { type: 'dense', units: classes }] },
        ],
      }
    },
    published,
  })
}

const count = (parameters: number, batch_norm: boolean): PublishedCount => ({
  options: { batch_norm },
  parameters,
  source: `torchvision, VGG weights ${batch_norm ? 'with' : 'without'} batch norm`,
})

export const vgg11 = vgg(11, [
  count(132_863_336, false),
  count(132_868_840, true),
  {
    options: { input: [3, 32, 32], classes: 10, batch_norm: true },
    parameters: 9_231_114,
    source: '9,220,480 weights and biases of 8 convolutions, 5,504 of batch norm, 512·10 + 10',
  },
])
export const vgg13 = vgg(13, [count(133_047_848, false), count(133_053_736, true)])
export const vgg16 = vgg(16, [count(138_357_544, false), count(138_365_992, true)])
export const vgg19 = vgg(19, [count(143_667_240, false), count(143_678_248, true)])
