// The residual networks for 32×32 images, and the plain networks that they were compared with: 6n + 2 layers.

import { z } from 'zod'
import { activationNameSchema } from '../model-spec.ts'
import { classesSchema, imageShapeSchema } from './options.ts'
import { type ChainLayer, definePreset, type PublishedCount } from './preset.ts'
import { type Activation, body, convolution, padding, projection, residual } from './residual-blocks.ts'

type Depth = 20 | 32 | 44 | 56 | 110

const common = {
  input: imageShapeSchema.default([3, 32, 32]),
  classes: classesSchema.default(10),
  activation: activationNameSchema.default('relu'),
  width: z.int().min(1).max(1024).default(16).meta({ description: 'Filters of the first stage; they double from stage to stage.' }),
}

const residualOptionsSchema = z.strictObject({
  ...common,
  shortcut: z.enum(['padding', 'projection']).default('padding').meta({
    description:
      "Where a block changes the shape: 'padding' takes every second pixel and adds channels of zeros (option A, no parameters), 'projection' is a 1×1 convolution (option B).",
  }),
})
const plainOptionsSchema = z.strictObject(common)

const STAGES = [1, 2, 4] as const

interface Network {
  readonly input: readonly [number, number, number]
  readonly classes: number
  readonly activation: Activation
  readonly width: number
}

/** Three stages of `n` blocks each; `join` makes a block of its two convolutions. */
function network(
  n: number,
  { input, classes, activation, width }: Network,
  join: (layers: ChainLayer[], channels: number, filters: number) => ChainLayer,
) {
  let channels = width
  const stages = STAGES.map((multiple, stage): ChainLayer => {
    const filters = width * multiple
    const layers = Array.from({ length: n }, (): ChainLayer => {
      const stride = channels === filters ? 1 : 2
      const block = join(
        body(
          [
            { filters, kernel: 3, stride },
            { filters, kernel: 3 },
          ],
          activation,
        ),
        channels,
        filters,
      )
      channels = filters
      return block
    })
    return { type: 'sequential', id: `layer${stage + 1}`, layers }
  })
  const stem: ChainLayer[] = [convolution('conv1', width, 3), { type: 'batch_norm', id: 'bn1' }, { type: activation }]
  const head: ChainLayer[] = [{ type: 'global_avg_pool2d' }, { type: 'dense', units: classes, id: 'fc' }]
  return { input: { shape: [...input] }, layers: [...stem, ...stages, ...head] }
}

const SOURCE = 'He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, section 4.2'

function cifarResnet(depth: Depth, published: readonly PublishedCount[]) {
  const n = (depth - 2) / 6
  return definePreset({
    title: `ResNet-${depth}`,
    summary: `${3 * n} residual blocks of two 3×3 convolutions for small images, ${depth} layers with weights.`,
    source: SOURCE,
    options: residualOptionsSchema,
    expand: ({ shortcut, ...options }) =>
      network(n, options, (layers, channels, filters) => {
        if (channels === filters) return residual(layers, null, options.activation)
        return residual(layers, shortcut === 'padding' ? padding(channels, filters) : projection(filters, 2), options.activation)
      }),
    published,
  })
}

function plain(depth: Depth, published: readonly PublishedCount[]) {
  const n = (depth - 2) / 6
  return definePreset({
    title: `Plain-${depth}`,
    summary: `ResNet-${depth} without its shortcuts: what residual learning is compared with.`,
    source: SOURCE,
    options: plainOptionsSchema,
    expand: (options) =>
      network(n, options, (layers) => ({ type: 'sequential', layers: [...layers, { type: options.activation, id: 'relu' }] })),
    published,
  })
}

/** 464 of the first convolution, 650 of the dense layer, 97,216 per n, less 4,608 and 18,432 where channels double. */
const counted = (parameters: number, table: string): PublishedCount => ({
  options: {},
  parameters,
  source: `table 6 of the paper: ${table} million`,
})
const same = (parameters: number): PublishedCount => ({
  options: {},
  parameters,
  source: 'as the residual network, whose shortcuts have no parameters',
})

export const resnet20 = cifarResnet(20, [
  counted(269_722, '0.27'),
  { options: { shortcut: 'projection' }, parameters: 272_474, source: '269,722 + 16·32 + 2·32 + 32·64 + 2·64, with batch norm' },
])
export const resnet32 = cifarResnet(32, [counted(464_154, '0.46')])
export const resnet44 = cifarResnet(44, [counted(658_586, '0.66')])
export const resnet56 = cifarResnet(56, [counted(853_018, '0.85')])
export const resnet110 = cifarResnet(110, [counted(1_727_962, '1.7')])

export const plain20 = plain(20, [same(269_722)])
export const plain32 = plain(32, [same(464_154)])
export const plain44 = plain(44, [same(658_586)])
export const plain56 = plain(56, [same(853_018)])
export const plain110 = plain(110, [same(1_727_962)])
