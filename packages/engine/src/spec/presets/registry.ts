// All presets by name.

import type { z } from 'zod'
import { alexnet } from './alexnet.ts'
import { convAutoencoder, denseAutoencoder } from './autoencoders.ts'
import { plain20, plain32, plain44, plain56, plain110, resnet20, resnet32, resnet44, resnet56, resnet110 } from './cifar-resnet.ts'
import { lenet300100 } from './lenet-300-100.ts'
import { lenet5 } from './lenet5.ts'
import { logisticRegression } from './logistic-regression.ts'
import { mlp } from './mlp.ts'
import { mnistCnn } from './mnist-cnn.ts'
import type { Chain, Preset } from './preset.ts'
import { resnet18, resnet34, resnet50, resnet101, resnet152 } from './resnet.ts'
import { vgg11, vgg13, vgg16, vgg19 } from './vgg.ts'

export const PRESETS = {
  logistic_regression: logisticRegression,
  mlp,
  lenet_300_100: lenet300100,
  lenet5,
  mnist_cnn: mnistCnn,
  alexnet,
  vgg11,
  vgg13,
  vgg16,
  vgg19,
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet110,
  plain20,
  plain32,
  plain44,
  plain56,
  plain110,
  dense_autoencoder: denseAutoencoder,
  conv_autoencoder: convAutoencoder,
} as const

export type PresetName = keyof typeof PRESETS
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[]

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name)
}

/** The schema of a preset's options. */
export function presetOptions(name: PresetName): z.ZodObject {
  return PRESETS[name].options
}

/**
 * The chain of layers that a preset stands for.
 * @param options valid by the preset's own schema; defaults may be missing
 * @throws ZodError when they are not
 */
export function expandPreset(name: PresetName, options: unknown): Chain {
  // One cast: TypeScript cannot see that options parsed by a preset's schema are what the same preset expands.
  const preset = PRESETS[name] as unknown as Preset
  return preset.expand(preset.options.parse(options))
}
