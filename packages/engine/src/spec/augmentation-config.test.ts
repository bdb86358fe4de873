import { describe, expect, it } from 'vitest'
import {
  augmentationSchema,
  parseWithIssues,
  validateAugmentation,
  validateModelSpec,
  validateTraining,
  validateTrainingConfig,
} from './index.ts'

const IMAGE = [3, 32, 32]

describe('augmentationSchema', () => {
  it('fills in defaults', () => {
    const list = [
      { type: 'random_crop', padding: 4 },
      { type: 'horizontal_flip' },
      { type: 'translation' },
      { type: 'random_resized_crop' },
    ]
    expect(augmentationSchema.parse(list)).toEqual([
      { type: 'random_crop', padding: 4, probability: 1 },
      { type: 'horizontal_flip', probability: 0.5 },
      { type: 'translation', horizontal: 0, vertical: 0, probability: 1 },
      { type: 'random_resized_crop', area: [0.08, 1], ratio: [3 / 4, 4 / 3], probability: 1 },
    ])
  })

  it.each([
    ['no list', {}, ['augmentation wrong_type']],
    ['a name instead of an object', ['flip'], ['augmentation[0] wrong_type']],
    ['no type', [{}], ['augmentation[0].type missing']],
    ['an unknown type', [{ type: 'horizontal_flop' }], ['augmentation[0].type unknown_type']],
    ['a field of another type', [{ type: 'vertical_flip', degrees: 3 }], ['augmentation[0].degrees unknown_key']],
    ['a probability above 1', [{ type: 'vertical_flip', probability: 1.5 }], ['augmentation[0].probability too_large']],
    ['NaN', [{ type: 'rotation', degrees: Number.NaN }], ['augmentation[0].degrees not_finite']],
    ['a full turn', [{ type: 'rotation', degrees: 360 }], ['augmentation[0].degrees too_large']],
    ['a negative angle alone', [{ type: 'rotation', degrees: -15 }], ['augmentation[0].degrees too_small']],
    ['a range upside down', [{ type: 'rotation', degrees: [10, -10] }], ['augmentation[0].degrees range_upside_down']],
    ['a range of areas upside down', [{ type: 'random_resized_crop', area: [1, 0.5] }], ['augmentation[0].area range_upside_down']],
    ['a factor that would be negative', [{ type: 'brightness', factor: 1.5 }], ['augmentation[0].factor too_large']],
    ['half a pixel', [{ type: 'random_crop', padding: 0.5 }], ['augmentation[0].padding not_a_whole_number']],
    [
      'changes behind a corruption',
      [{ type: 'masking', fraction: 0.5 }, { type: 'cutout', size: 3 }, { type: 'gaussian_noise', std: 1 }, { type: 'vertical_flip' }],
      ['augmentation[1].type corruption_not_last', 'augmentation[3].type corruption_not_last'],
    ],
    ['too many', new Array(33).fill({ type: 'vertical_flip' }), ['augmentation too_large']],
  ])('finds: %s', (_, json, expected) => {
    const result = parseWithIssues(augmentationSchema, json, 'augmentation')
    expect(result.ok ? [] : result.issues.map(({ path, code }) => `${path} ${code}`)).toEqual(expected)
  })

  it('says what was meant', () => {
    const result = parseWithIssues(augmentationSchema, [{ type: 'horizontal_flop' }, { type: 'rotation', degrees: [3, 1] }])
    expect(result.ok ? [] : result.issues.map(({ hint }) => hint)).toEqual(['Did you mean "horizontal_flip"?', 'Use [1, 3].'])
  })
})

describe('validateAugmentation', () => {
  it.each([
    [
      'CIFAR',
      IMAGE,
      [{ type: 'random_crop', padding: 4 }, { type: 'horizontal_flip' }, { type: 'cutout', size: 16 }, { type: 'saturation', factor: 0.2 }],
    ],
    ['a window as large as the padded image', [1, 28, 28], [{ type: 'random_crop', padding: 2, size: 32 }]],
    [
      'noise on a table',
      [4],
      [
        { type: 'masking', fraction: 0.1 },
        { type: 'gaussian_noise', std: 0.1 },
      ],
    ],
  ])('accepts %s', (_, shape, json) => {
    expect(validateAugmentation(augmentationSchema.parse(json), shape, 'augmentation')).toEqual([])
  })

  it.each([
    [
      'pictures of a table',
      [4],
      [
        { type: 'masking', fraction: 0.1 },
        { type: 'salt_and_pepper', fraction: 0.1 },
      ],
      ['a[1].type augmentation_needs_images'],
    ],
    ['a flip of a table', [4], [{ type: 'horizontal_flip' }], ['a[0].type augmentation_needs_images']],
    ['a window that is too large', IMAGE, [{ type: 'random_crop', padding: 2, size: [32, 37] }], ['a[0].size crop_too_large']],
    ['more padding than image', IMAGE, [{ type: 'random_crop', padding: 32 }], ['a[0].padding padding_too_large']],
    ['colours of grey images', [1, 28, 28], [{ type: 'saturation', factor: 0.1 }], ['a[0].type saturation_needs_colour']],
    ['a square that hides all', IMAGE, [{ type: 'vertical_flip' }, { type: 'cutout', size: 65 }], ['a[1].size cutout_too_large']],
  ])('finds: %s', (_, shape, json, expected) => {
    const issues = validateAugmentation(augmentationSchema.parse(json), shape, 'a')
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual(expected)
    expect(issues.every(({ message, hint }) => message.length > 20 && hint.length > 5)).toBe(true)
  })

  it('is part of what is checked against a dataset, as is a batch that is never full', () => {
    const spec = validateModelSpec({ version: 1, input: { shape: [2] }, layers: [{ type: 'dense', units: 2 }] })
    const json = {
      drop_last: true,
      batch_size: 9,
      augmentation: [{ type: 'horizontal_flip' }],
      optimizer: { type: 'sgd', learning_rate: 1 },
    }
    const training = validateTrainingConfig(json)
    if (!spec.ok || !training.ok) throw new Error('the sample is not valid')
    const dataset = { input: { shape: [2] }, target: { kind: 'class', classes: ['a', 'b'] }, trainRows: 8 } as const
    expect(validateTraining(spec.spec, training.training, dataset).map(({ path, code }) => `${path} ${code}`)).toEqual([
      'training.drop_last no_full_batch',
      'training.augmentation[0].type augmentation_needs_images',
    ])
    expect(validateTraining(spec.spec, { ...training.training, augmentation: [] }, { ...dataset, trainRows: 9 })).toEqual([])
  })
})
