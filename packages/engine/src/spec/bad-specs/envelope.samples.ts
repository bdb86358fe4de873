// Specifications whose form is wrong, and presets.

import { type BadSpec, chain, nested, preset } from './bad-spec.ts'

export const ENVELOPE: readonly BadSpec[] = [
  // The envelope
  { name: 'no object', json: 'lenet5', issues: [' wrong_type'] },
  { name: 'null', json: null, issues: [' wrong_type'] },
  { name: 'a list', json: [], issues: [' wrong_type'] },
  { name: 'no form', json: { version: 1 }, issues: [' wrong_form'] },
  { name: 'two forms', json: { ...chain([]), ...preset('lenet5') }, issues: [' wrong_form'] },
  { name: 'no version', json: { preset: { name: 'lenet5' } }, issues: ['version missing'] },
  { name: 'a later version', json: { ...preset('lenet5'), version: 2 }, issues: ['version unknown_value'] },
  { name: 'an unknown field', json: { ...preset('lenet5'), nmae: 1 }, issues: ['nmae unknown_key'] },
  { name: 'deep nesting', json: { ...preset('mlp', { sizes: nested(50) }) }, issues: [' too_deep'] },
  { name: 'very deep nesting', json: { ...preset('mlp', { sizes: nested(100_000) }) }, issues: [' too_deep'] },
  { name: 'too many values', json: preset('mlp', { sizes: new Array(30_000).fill(1) }), issues: [' too_many_values'] },
  { name: 'too many layers', json: chain(new Array(1001).fill({ type: 'relu' })), issues: ['layers too_large'] },
  { name: 'no layers', json: chain([]), issues: ['layers too_small'] },
  { name: 'layers that are no list', json: { version: 1, input: { shape: [4] }, layers: {} }, issues: ['layers wrong_type'] },

  {
    name: 'fewer given values than weights',
    json: chain([{ type: 'dense', units: 2, weight_initializer: { type: 'values', values: [1, 2, 3] } }], [2]),
    issues: ['layers[0] wrong_number_of_values'],
  },

  // Presets
  { name: 'a mistyped preset', json: preset('lenet-5'), issues: ['preset.name unknown_preset'] },
  { name: 'a preset named like an object member', json: preset('constructor'), issues: ['preset.name unknown_preset'] },
  { name: 'a preset without a name', json: { version: 1, preset: {} }, issues: ['preset.name missing'] },
  { name: 'an unknown option', json: preset('lenet5', { class: 10 }), issues: ['preset.options.class unknown_key'] },
  { name: 'no classes at all', json: preset('lenet5', { classes: 0 }), issues: ['preset.options.classes too_small'] },
  { name: 'an unknown activation', json: preset('lenet5', { activation: 'rely' }), issues: ['preset.options.activation unknown_value'] },
  {
    name: 'a preset on an input that is too small',
    json: preset('lenet5', { input: [1, 8, 8] }),
    issues: ['preset.options window_too_large'],
  },
  { name: 'a missing option', json: preset('mlp'), issues: ['preset.options.sizes missing'] },
  {
    name: 'sizes that do not fit the input',
    json: preset('mlp', { sizes: [700, 10], input: [1, 28, 28] }),
    issues: ['preset.options.sizes[0] wrong_size'],
  },

  // Presets of images
  {
    name: 'a large network on small images',
    json: preset('alexnet', { input: [3, 32, 32] }),
    issues: ['preset.options window_too_large'],
  },
  { name: 'a depth that there is not', json: preset('resnet51'), issues: ['preset.name unknown_preset'] },
  { name: 'an unknown shortcut', json: preset('resnet20', { shortcut: 'B' }), issues: ['preset.options.shortcut unknown_value'] },
  {
    name: 'images that a convolutional autoencoder cannot quarter',
    json: preset('conv_autoencoder', { input: [1, 30, 30] }),
    issues: ['preset.options.input wrong_size'],
  },
]
