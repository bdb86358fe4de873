// The model specification as on the wire: a preset, a list of layers, or a graph of named nodes.

import { z } from 'zod'
import {
  eluConfigSchema,
  geluConfigSchema,
  leakyReluConfigSchema,
  reluConfigSchema,
  sigmoidConfigSchema,
  siluConfigSchema,
  softplusConfigSchema,
  tanhConfigSchema,
} from '../layers/activation.ts'
import { addConfigSchema } from '../layers/add.ts'
import { avgPool2dConfigSchema } from '../layers/avg-pool2d.ts'
import { batchNormConfigSchema } from '../layers/batch-norm.ts'
import { concatenateConfigSchema } from '../layers/concatenate.ts'
import { convTranspose2dConfigSchema } from '../layers/conv-transpose2d.ts'
import { conv2dConfigSchema } from '../layers/conv2d.ts'
import { denseConfigSchema } from '../layers/dense.ts'
import { dropoutConfigSchema, spatialDropoutConfigSchema } from '../layers/dropout.ts'
import { flattenConfigSchema } from '../layers/flatten.ts'
import { globalAvgPool2dConfigSchema, globalMaxPool2dConfigSchema } from '../layers/global-pool2d.ts'
import { dimensionSchema, layerIdSchema } from '../layers/layer-config.ts'
import { layerNormConfigSchema } from '../layers/layer-norm.ts'
import { maxPool2dConfigSchema } from '../layers/max-pool2d.ts'
import { padChannelsConfigSchema } from '../layers/pad-channels.ts'
import { reshapeConfigSchema } from '../layers/reshape.ts'
import { softmaxConfigSchema } from '../layers/softmax.ts'
import { thresholdConfigSchema } from '../layers/threshold.ts'
import { upsampleConfigSchema } from '../layers/upsample.ts'

/** Version of this format; a change that old readers would misread gets a new one. */
export const SPEC_VERSION = 1

/** Layers of one model. ResNet-110 with batch norm has about 400. */
export const LAYERS_MAX = 1000

const version = z.literal(SPEC_VERSION)

/** Without the batch: [features] or [channels, height, width]. */
export const inputShapeSchema = z.array(dimensionSchema).min(1).max(3).meta({
  description: 'Shape of one row, without the batch: [features] or [channels, height, width].',
})

const inputSchema = z.strictObject({ shape: inputShapeSchema })

/** Layers inside of a composite. */
const innerLayers = () => z.array(layerSchema).min(1).max(LAYERS_MAX)

/** Activations without numbers of their own. */
export const activationNameSchema = z.enum(['relu', 'sigmoid', 'tanh', 'leaky_relu', 'elu', 'gelu', 'silu', 'softplus'])

export const sequentialConfigSchema = z.strictObject({
  type: z.literal('sequential'),
  id: layerIdSchema.optional(),
  get layers() {
    return innerLayers().meta({ description: 'In order. Default ids are positions: layer1.0, layer1.1 …' })
  },
})

export const residualConfigSchema = z.strictObject({
  type: z.literal('residual'),
  id: layerIdSchema.optional(),
  get layers() {
    return innerLayers().meta({ description: 'F of F(x) + x. Default ids as in a model: conv1, conv2 …' })
  },
  get shortcut() {
    return innerLayers().optional().meta({
      description: 'What x goes through where F changes its shape; named downsample.0, downsample.1 … Default: nothing, the identity.',
    })
  },
  activation: activationNameSchema.optional().meta({ description: 'After the sum. Default: none.' }),
})

/** In a list, each layer's input is the output of the one before. */
export const layerSchema = z
  .discriminatedUnion('type', [
    sequentialConfigSchema,
    residualConfigSchema,
    denseConfigSchema,
    conv2dConfigSchema,
    convTranspose2dConfigSchema,
    maxPool2dConfigSchema,
    avgPool2dConfigSchema,
    globalMaxPool2dConfigSchema,
    globalAvgPool2dConfigSchema,
    upsampleConfigSchema,
    flattenConfigSchema,
    reshapeConfigSchema,
    padChannelsConfigSchema,
    batchNormConfigSchema,
    layerNormConfigSchema,
    dropoutConfigSchema,
    spatialDropoutConfigSchema,
    reluConfigSchema,
    sigmoidConfigSchema,
    tanhConfigSchema,
    leakyReluConfigSchema,
    eluConfigSchema,
    geluConfigSchema,
    siluConfigSchema,
    softplusConfigSchema,
    thresholdConfigSchema,
    softmaxConfigSchema,
  ])
  .meta({ id: 'Layer' })
export type LayerConfig = z.output<typeof layerSchema>

export const nodeFields = {
  id: layerIdSchema,
  inputs: z.array(layerIdSchema).min(1).max(16).meta({ description: 'Ids of nodes or names of model inputs, in order.' }),
}

/** In a graph, each node names its inputs. */
export const nodeSchema = z.discriminatedUnion('type', [
  sequentialConfigSchema.extend(nodeFields),
  residualConfigSchema.extend(nodeFields),
  denseConfigSchema.extend(nodeFields),
  conv2dConfigSchema.extend(nodeFields),
  convTranspose2dConfigSchema.extend(nodeFields),
  maxPool2dConfigSchema.extend(nodeFields),
  avgPool2dConfigSchema.extend(nodeFields),
  globalMaxPool2dConfigSchema.extend(nodeFields),
  globalAvgPool2dConfigSchema.extend(nodeFields),
  upsampleConfigSchema.extend(nodeFields),
  flattenConfigSchema.extend(nodeFields),
  reshapeConfigSchema.extend(nodeFields),
  padChannelsConfigSchema.extend(nodeFields),
  batchNormConfigSchema.extend(nodeFields),
  layerNormConfigSchema.extend(nodeFields),
  dropoutConfigSchema.extend(nodeFields),
  spatialDropoutConfigSchema.extend(nodeFields),
  reluConfigSchema.extend(nodeFields),
  sigmoidConfigSchema.extend(nodeFields),
  tanhConfigSchema.extend(nodeFields),
  leakyReluConfigSchema.extend(nodeFields),
  eluConfigSchema.extend(nodeFields),
  geluConfigSchema.extend(nodeFields),
  siluConfigSchema.extend(nodeFields),
  softplusConfigSchema.extend(nodeFields),
  thresholdConfigSchema.extend(nodeFields),
  softmaxConfigSchema.extend(nodeFields),
  addConfigSchema.extend(nodeFields),
  concatenateConfigSchema.extend(nodeFields),
])
export type NodeConfig = z.output<typeof nodeSchema>

/** Layers that stand for others; the rest are in the registry of layers. */
export type CompositeConfig = z.output<typeof sequentialConfigSchema> | z.output<typeof residualConfigSchema>
export type CompositeType = CompositeConfig['type']

export const presetSpecSchema = z
  .strictObject({
    version,
    preset: z.strictObject({
      name: z.string().max(64).meta({ description: 'One of GET /v1/models/presets.' }),
      options: z.record(z.string(), z.unknown()).optional().meta({ description: 'As the preset describes them.' }),
    }),
  })
  .meta({ id: 'PresetModel', description: 'A well-known architecture by name.' })

export const layersSpecSchema = z
  .strictObject({ version, input: inputSchema, layers: z.array(layerSchema).min(1).max(LAYERS_MAX) })
  .meta({ id: 'LayersModel', description: 'A chain of layers.' })

export const graphSpecSchema = z
  .strictObject({
    version,
    inputs: z.record(layerIdSchema, inputSchema),
    nodes: z.array(nodeSchema).min(1).max(LAYERS_MAX),
    outputs: z.array(layerIdSchema).min(1).max(16),
  })
  .meta({ id: 'GraphModel', description: 'A graph of named nodes.' })

/**
 * @example { version: 1, preset: { name: 'lenet5', options: { activation: 'tanh' } } }
 * @example { version: 1, input: { shape: [2] }, layers: [{ type: 'dense', units: 8 }, { type: 'tanh' }, { type: 'dense', units: 1 }] }
 */
export const modelSpecSchema = z
  .union([presetSpecSchema, layersSpecSchema, graphSpecSchema])
  .meta({ id: 'ModelSpec', description: 'A network: a preset, a list of layers, or a graph of named nodes.' })

export type PresetSpec = z.output<typeof presetSpecSchema>
export type LayersSpec = z.output<typeof layersSpecSchema>
export type GraphSpec = z.output<typeof graphSpecSchema>
/** As users write it: fields with defaults may be missing. */
export type ModelSpecInput = z.input<typeof modelSpecSchema>
/** With all defaults filled in. */
export type ModelSpec = z.output<typeof modelSpecSchema>
