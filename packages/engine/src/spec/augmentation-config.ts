// Data augmentation as on the wire: an ordered list of random changes of the training samples, and what of it fits which data.

import type { Issue } from '@trainyard/errors'
import { z } from 'zod'
import type { Shape } from '../core/tensor.ts'
import { formatPath } from './issues.ts'

/** How often a change happens to a sample; independent of all others. */
const probability = (share: number) =>
  z.number().min(0).max(1).default(share).meta({ description: 'Share of the samples that it happens to.' })

type Bounds = readonly [low: number, high: number]

/**
 * A number r for [centre − r, centre + r], or both ends. Values are drawn uniformly.
 * @param bounds of both ends
 */
function range(centre: number, [low, high]: Bounds, description: string) {
  const end = z.number().min(low).max(high)
  const both = z.tuple([end, end]).check(({ value, issues }) => {
    if (value[0] <= value[1]) return
    const hint = `Use [${value[1]}, ${value[0]}].`
    const message = `The range [${value.join(', ')}] is upside down. Expected the lower end first.`
    issues.push({ code: 'custom', input: value, message, params: { code: 'range_upside_down', hint } })
  })
  return z
    .union([
      z
        .number()
        .min(0)
        .max(Math.min(centre - low, high - centre)),
      both,
    ])
    .meta({ description })
}

const pixels = z.int().min(1).max(65_536)
const fraction = z.number().min(0).max(1)

/**
 * Changes of the picture's geometry: neighbours in the list are composed into one bilinear resampling. Outside of the image it is black.
 * A distortion ends such a group.
 */
const geometricSchemas = [
  z.strictObject({ type: z.literal('horizontal_flip'), probability: probability(0.5) }).meta({ description: 'Left and right swapped.' }),
  z.strictObject({ type: z.literal('vertical_flip'), probability: probability(0.5) }).meta({ description: 'Top and bottom swapped.' }),
  z
    .strictObject({
      type: z.literal('rotation'),
      degrees: range(0, [-180, 180], 'Angle, counter-clockwise, about the centre: a number d for −d to d, or [lowest, highest].'),
      probability: probability(1),
    })
    .meta({ description: 'Rotation.' }),
  z
    .strictObject({
      type: z.literal('translation'),
      horizontal: range(0, [-1, 1], 'To the right, as a fraction of the width: a number f for −f to f, or [lowest, highest].').default(0),
      vertical: range(0, [-1, 1], 'Down, as a fraction of the height: a number f for −f to f, or [lowest, highest].').default(0),
      probability: probability(1),
    })
    .meta({ description: 'Shift, to places between pixels too.' }),
  z
    .strictObject({
      type: z.literal('scale'),
      factor: range(1, [0.1, 10], 'Above 1 enlarges: a number f for 1 − f to 1 + f, or [lowest, highest].'),
      probability: probability(1),
    })
    .meta({ description: 'Zoom about the centre.' }),
  z
    .strictObject({
      type: z.literal('random_crop'),
      padding: z.int().min(0).max(65_536).default(0).meta({ description: 'Black pixels added on every side first.' }),
      size: z
        .union([pixels, z.tuple([pixels, pixels])])
        .optional()
        .meta({ description: 'Window, one number or [height, width]; it is enlarged to the size of the image. Default: that size.' }),
      probability: probability(1),
    })
    .meta({ description: 'A window at a random place of the padded image; padding 4 is usual for 32×32 (He et al. 2015, section 4.2).' }),
  z
    .strictObject({
      type: z.literal('random_resized_crop'),
      area: z
        .tuple([z.number().min(0.01).max(1), z.number().min(0.01).max(1)])
        .default([0.08, 1])
        .meta({
          description: 'Share of the area of the image: [lowest, highest].',
        }),
      ratio: z
        .tuple([z.number().min(0.1).max(10), z.number().min(0.1).max(10)])
        .default([3 / 4, 4 / 3])
        .meta({
          description: 'Width by height, drawn uniformly in its logarithm: [lowest, highest].',
        }),
      probability: probability(1),
    })
    .check(({ value, issues }) => {
      for (const name of ['area', 'ratio'] as const) {
        const [low, high] = value[name]
        if (low <= high) continue
        const message = `The range [${low}, ${high}] is upside down. Expected the lower end first.`
        const params = { code: 'range_upside_down', hint: `Use [${high}, ${low}].` }
        issues.push({ code: 'custom', input: value[name], path: [name], message, params })
      }
    })
    .meta({
      description: 'A window of random area and shape, resized to the image (Szegedy et al. 2015, "Going deeper with convolutions").',
    }),
  z
    .strictObject({
      type: z.literal('elastic_distortion'),
      alpha: z
        .number()
        .min(0)
        .max(10_000)
        .default(34)
        .meta({ description: 'Strength: the smoothed field is multiplied by it, in pixels.' }),
      sigma: z.number().min(0.5).max(50).default(4).meta({ description: 'Standard deviation of the smoothing, in pixels.' }),
      probability: probability(1),
    })
    .meta({
      description:
        'Each pixel is moved by a field of uniform numbers in −1 … 1, smoothed by a Gaussian (Simard, Steinkraus and Platt 2003). Put it ' +
        'behind flips, rotations and crops, so that they share its resampling.',
    }),
] as const

/** Changes of pixel values; the results are cut off at black and white. */
const photometricSchemas = [
  z
    .strictObject({
      type: z.literal('brightness'),
      factor: range(1, [0, 10], 'x ← f·x: a number b for f from 1 − b to 1 + b, or [lowest, highest].'),
      probability: probability(1),
    })
    .meta({ description: 'Brightness.' }),
  z
    .strictObject({
      type: z.literal('contrast'),
      factor: range(1, [0, 10], 'x ← m + f·(x − m): a number c for f from 1 − c to 1 + c, or [lowest, highest].'),
      probability: probability(1),
    })
    .meta({ description: "Contrast about the mean m of the image's grey values." }),
  z
    .strictObject({
      type: z.literal('saturation'),
      factor: range(1, [0, 10], 'x ← g + f·(x − g): a number s for f from 1 − s to 1 + s, or [lowest, highest].'),
      probability: probability(1),
    })
    .meta({ description: "Saturation of images of 3 channels, about each pixel's grey value g." }),
  z
    .strictObject({
      type: z.literal('cutout'),
      size: pixels.meta({ description: 'Side of the square; what reaches beyond the border is cut off.' }),
      count: z.int().min(1).max(64).default(1).meta({ description: 'Squares.' }),
      probability: probability(1),
    })
    .meta({ description: 'Squares about random pixels become the mean of the dataset (DeVries and Taylor 2017).' }),
] as const

/** Changes of what the network sees, not of the target of a reconstruction. They act on normalized numbers, and stand at the end of the list. */
const corruptionSchemas = [
  z
    .strictObject({
      type: z.literal('gaussian_noise'),
      std: z.number().min(0).max(100).meta({ description: 'Standard deviation, in units of the normalized inputs.' }),
      probability: probability(1),
    })
    .meta({ description: 'x ← x + std·z, z normal.' }),
  z
    .strictObject({
      type: z.literal('masking'),
      fraction: fraction.meta({ description: 'Share of the numbers.' }),
      probability: probability(1),
    })
    .meta({ description: 'Numbers at random become 0 (Vincent et al. 2008).' }),
  z
    .strictObject({
      type: z.literal('salt_and_pepper'),
      fraction: fraction.meta({ description: 'Share of the numbers.' }),
      probability: probability(1),
    })
    .meta({ description: 'Pixels at random become black or white (Vincent et al. 2010).' }),
] as const

const transformSchema = z.discriminatedUnion('type', [...geometricSchemas, ...photometricSchemas, ...corruptionSchemas])
export type Augmentation = z.output<typeof transformSchema>
export type AugmentationType = Augmentation['type']
export type AugmentationOf<K extends AugmentationType> = Extract<Augmentation, { readonly type: K }>

const CORRUPTIONS: ReadonlySet<string> = new Set(corruptionSchemas.map(({ shape }) => shape.type.value))
/** Kinds that any numbers can take; all others are for images. */
const FOR_FEATURES: ReadonlySet<AugmentationType> = new Set(['gaussian_noise', 'masking'])

/**
 * Applied in order to each training sample, anew in every epoch. Each draw is a function of seed, epoch, the row and the place in this list.
 * @example [{ type: 'random_crop', padding: 4 }, { type: 'horizontal_flip' }, { type: 'cutout', size: 16 }]
 */
export const augmentationSchema = z
  .array(transformSchema)
  .max(32)
  .check(({ value, issues }) => {
    const first = value.findIndex(({ type }) => CORRUPTIONS.has(type))
    if (first < 0) return
    value.forEach(({ type }, i) => {
      if (i < first || CORRUPTIONS.has(type)) return
      const message = `"${type}" stands behind the corruption "${value[first]?.type}". Expected corruptions at the end.`
      const params = { code: 'corruption_not_last', hint: `Move "${type}" before entry ${first}.` }
      issues.push({ code: 'custom', input: type, path: [i, 'type'], message, params })
    })
  })
  .meta({ description: 'Random changes of the training samples, in order. Evaluation and prediction take samples as they are.' })

/**
 * Whether a list fits samples of a shape: [channels, height, width] of an image, [columns] of a table.
 * @param path of the list in what the user sent
 */
export function validateAugmentation(list: readonly Augmentation[], input: Shape, path: string): readonly Issue[] {
  return list.flatMap((entry, i) => checkTransform(entry, input, formatPath(path, [i])))
}

function checkTransform(entry: Augmentation, input: Shape, path: string): readonly Issue[] {
  const [channels = 0, height = 0, width = 0] = input
  const issue = (field: string, code: string, message: string, hint: string): Issue => ({ path: `${path}.${field}`, code, message, hint })
  if (input.length !== 3) {
    if (FOR_FEATURES.has(entry.type)) return []
    const message = `"${entry.type}" is for images, but rows of the dataset have the shape [${input.join(', ')}].`
    return [issue('type', 'augmentation_needs_images', message, `Remove it; ${[...FOR_FEATURES].join(' and ')} suit any data.`)]
  }
  if (entry.type === 'saturation' && channels !== 3) {
    const message = `"saturation" is for images of 3 channels, but those of the dataset have ${channels}.`
    return [issue('type', 'saturation_needs_colour', message, 'Remove it.')]
  }
  if (entry.type === 'cutout' && entry.size > 2 * Math.max(height, width)) {
    const message = `The square of ${entry.size} always hides the whole image of ${height}×${width}.`
    return [issue('size', 'cutout_too_large', message, `Use about ${Math.ceil(Math.min(height, width) / 2)}.`)]
  }
  return entry.type === 'random_crop' ? checkCrop(entry, height, width, issue) : []
}

function checkCrop(
  entry: AugmentationOf<'random_crop'>,
  height: number,
  width: number,
  issue: (field: string, code: string, message: string, hint: string) => Issue,
): readonly Issue[] {
  const { padding } = entry
  const [rows, columns] = cropWindow(entry, height, width)
  if (padding >= Math.min(height, width)) {
    const message = `The padding of ${padding} can leave nothing of an image of ${height}×${width}.`
    return [issue('padding', 'padding_too_large', message, `Use less than ${Math.min(height, width)}.`)]
  }
  if (rows <= height + 2 * padding && columns <= width + 2 * padding) return []
  const padded = `${height + 2 * padding}×${width + 2 * padding}`
  const message = `The window ${rows}×${columns} does not fit the image of ${height}×${width} with padding ${padding}, ${padded}.`
  return [issue('size', 'crop_too_large', message, `Use at most ${padded}, or more padding.`)]
}

/** [rows, columns] of the window of a random crop. */
export function cropWindow({ size }: AugmentationOf<'random_crop'>, height: number, width: number): readonly [number, number] {
  if (size === undefined) return [height, width]
  return typeof size === 'number' ? [size, size] : size
}
