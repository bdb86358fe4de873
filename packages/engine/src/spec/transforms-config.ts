// What is done to every sample before the model sees it, as on the wire: an ordered list, fitted on the training split only. Fitting and applying
// are the datasets package's affair.

import { z } from 'zod'

const columns = z
  .array(z.string().min(1).max(1000))
  .min(1)
  .max(65_536)
  .optional()
  .meta({ description: 'Names of columns. Default: all that it makes sense for.' })
const pixels = z.int().min(1).max(4096)
const finite = z.number().min(-1e30).max(1e30)

export const transformSchema = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('impute'),
      strategy: z.enum(['mean', 'median', 'most_frequent', 'constant']).default('mean'),
      value: finite.default(0).meta({ description: 'Of the strategy "constant".' }),
      indicator: z.boolean().default(false).meta({ description: 'Adds a column of 0 and 1 for each: whether the value was missing.' }),
      columns,
    })
    .meta({ description: 'Fills missing values of columns. Categories are filled with the most frequent one.' }),
  z.strictObject({ type: z.literal('one_hot'), columns }).meta({
    description: 'A category becomes one column of 0 and 1 for each value that the dataset knows; missing and unknown values are all 0.',
  }),
  z
    .strictObject({ type: z.literal('standardize'), columns })
    .meta({ description: 'Mean 0 and deviation 1 per column, or per channel of images.' }),
  z
    .strictObject({ type: z.literal('min_max'), low: finite.default(0), high: finite.default(1), columns })
    .meta({ description: 'From the smallest and largest value of a column to low and high; of images, from 0 and 255.' }),
  z
    .strictObject({
      type: z.literal('normalize'),
      mean: z.array(finite).min(1).max(65_536),
      std: z.array(z.number().positive().max(1e30)).min(1).max(65_536),
    })
    .meta({ description: '(x − mean) / std with these numbers, one per channel (of pixels from 0 to 1) or column.' }),
  z.strictObject({ type: z.literal('resize'), height: pixels, width: pixels }).meta({
    description: 'Images to this size: bilinear, averaging where it shrinks (as PIL and torchvision with antialias).',
  }),
  z
    .strictObject({ type: z.literal('grayscale') })
    .meta({ description: 'Three channels to one: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).' }),
])
export type Transform = z.output<typeof transformSchema>
export type TransformType = Transform['type']

export const transformsSchema = z.array(transformSchema).max(50)
