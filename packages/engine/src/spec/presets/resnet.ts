// The residual networks for large images, and their small-image form.

import { z } from 'zod'
import { activationNameSchema } from '../model-spec.ts'
import { classesSchema, imageShapeSchema } from './options.ts'
import { type ChainLayer, definePreset, type PublishedCount } from './preset.ts'
import { type Activation, body, convolution, projection, residual } from './residual-blocks.ts'

type Depth = 18 | 34 | 50 | 101 | 152

interface Architecture {
  readonly blocks: readonly number[]
  /** Output channels of a block per filter of its 3×3 convolution: 4 in bottlenecks, which have a 1×1 convolution around it. */
  readonly expansion: 1 | 4
}

/** Table 1 of the paper. */
const ARCHITECTURES: { readonly [D in Depth]: Architecture } = {
  18: { blocks: [2, 2, 2, 2], expansion: 1 },
  34: { blocks: [3, 4, 6, 3], expansion: 1 },
  50: { blocks: [3, 4, 6, 3], expansion: 4 },
  101: { blocks: [3, 4, 23, 3], expansion: 4 },
  152: { blocks: [3, 8, 36, 3], expansion: 4 },
}

const optionsSchema = z.strictObject({
  input: imageShapeSchema.default([3, 224, 224]),
  classes: classesSchema.default(1000),
  activation: activationNameSchema.default('relu'),
  width: z.int().min(1).max(1024).default(64).meta({ description: 'Filters of the first stage; they double from stage to stage.' }),
  stem: z.enum(['large', 'small']).default('large').meta({
    description:
      "'large': a 7×7 convolution and max-pooling, which quarter the image; 'small': a 3×3 convolution, for images such as 32×32.",
  }),
})

/** The stride is at the 3×3 convolution of a bottleneck, as in torchvision (ResNet v1.5). */
function block(filters: number, stride: number, expansion: 1 | 4, activation: Activation): ChainLayer[] {
  if (expansion === 1) {
    const kernel = 3
    return body(
      [
        { filters, kernel, stride },
        { filters, kernel },
      ],
      activation,
    )
  }
  return body(
    [
      { filters, kernel: 1 },
      { filters, kernel: 3, stride },
      { filters: filters * expansion, kernel: 1 },
    ],
    activation,
  )
}

function resnet(depth: Depth, published: readonly PublishedCount[]) {
  const { blocks, expansion } = ARCHITECTURES[depth]
  return definePreset({
    title: `ResNet-${depth}`,
    summary: `${blocks.reduce((sum, count) => sum + count)} residual blocks of ${expansion === 1 ? 'two 3×3 convolutions' : 'a 3×3 convolution between two of 1×1'}, global average pooling, one dense layer.`,
    source: 'He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016; names as in torchvision',
    options: optionsSchema,
    expand: ({ input, classes, activation, width, stem }) => {
      const isLarge = stem === 'large'
      let channels = width
      const stages = blocks.map((count, stage): ChainLayer => {
        const filters = width * 2 ** stage
        const layers = Array.from({ length: count }, (_, index): ChainLayer => {
          const stride = stage > 0 && index === 0 ? 2 : 1
          const isSame = stride === 1 && channels === filters * expansion
          channels = filters * expansion
          return residual(block(filters, stride, expansion, activation), isSame ? null : projection(channels, stride), activation)
        })
        return { type: 'sequential', id: `layer${stage + 1}`, layers }
      })
      return {
        input: { shape: [...input] },
        layers: [
          isLarge ? convolution('conv1', width, 7, 2) : convolution('conv1', width, 3),
          { type: 'batch_norm', id: 'bn1' },
          { type: activation },
          ...(isLarge ? ([{ type: 'max_pool2d', kernel: 3, stride: 2, padding: 1 }] as const) : []),
          ...stages,
          { type: 'global_avg_pool2d' },
          { type: 'dense', units: classes, id: 'fc' },
        ],
      }
    },
    published,
  })
}

const count = (parameters: number): PublishedCount => ({ options: {}, parameters, source: 'torchvision, ResNet weights' })

export const resnet18 = resnet(18, [
  count(11_689_512),
  { options: { input: [3, 32, 32], classes: 10, stem: 'small' }, parameters: 11_173_962, source: 'kuangliu/pytorch-cifar, ResNet18' },
])
export const resnet34 = resnet(34, [count(21_797_672)])
export const resnet50 = resnet(50, [count(25_557_032)])
export const resnet101 = resnet(101, [count(44_549_160)])
export const resnet152 = resnet(152, [count(60_192_808)])
