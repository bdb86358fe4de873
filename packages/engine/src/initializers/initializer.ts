// The initializers as configuration: what a specification may say about the first values of a parameter.

import { z } from 'zod'

const finite = (meaning: string) => z.number().meta({ description: meaning })
/** Values that a specification may spell out: weights computed by hand, filters of a textbook. */
const GIVEN_VALUES_MAX = 65_536

const gain = z.number().positive().default(1).meta({ description: 'Factor on the standard deviation or bound.' })

/** An initializer with all its numbers. Fans are those of PyTorch: inputs and outputs of one unit, times the window. */
export const initializerObjectSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('zeros') }),
  z.strictObject({ type: z.literal('constant'), value: finite('The value of every element.') }),
  z.strictObject({
    type: z.literal('normal'),
    mean: finite('Mean.').default(0),
    std: z.number().nonnegative().default(0.01).meta({ description: 'Standard deviation.' }),
  }),
  z
    .strictObject({
      type: z.literal('uniform'),
      low: finite('Lower bound.').default(-0.05),
      high: finite('Upper bound.').default(0.05),
    })
    .check(({ value: { low, high }, issues }) => {
      if (low <= high) return
      const message = `The upper bound ${high} is below the lower bound ${low}.`
      issues.push({ code: 'custom', input: high, path: ['high'], message, params: { code: 'wrong_order', hint: 'Swap them.' } })
    }),
  z.strictObject({ type: z.literal('xavier_uniform'), gain }),
  z.strictObject({ type: z.literal('xavier_normal'), gain }),
  z.strictObject({ type: z.literal('he_uniform'), gain }),
  z.strictObject({ type: z.literal('he_normal'), gain }),
  z.strictObject({ type: z.literal('lecun_uniform'), gain }),
  z.strictObject({ type: z.literal('lecun_normal'), gain }),
  z.strictObject({ type: z.literal('orthogonal'), gain }),
  z.strictObject({ type: z.literal('torch_default') }),
  z.strictObject({
    type: z.literal('values'),
    values: z.array(z.number()).min(1).max(GIVEN_VALUES_MAX).meta({ description: 'Every element, row by row: weights that are given.' }),
  }),
])

/** Initializers that may be given by name alone, with their default numbers. */
export const initializerNameSchema = z.enum([
  'zeros',
  'normal',
  'uniform',
  'xavier_uniform',
  'xavier_normal',
  'he_uniform',
  'he_normal',
  'lecun_uniform',
  'lecun_normal',
  'orthogonal',
  'torch_default',
])

export const initializerSchema = z.union([initializerNameSchema, initializerObjectSchema]).meta({
  id: 'Initializer',
  description: 'First values of a parameter: a name, or an object with `type` and its numbers.',
})

export type InitializerConfig = z.output<typeof initializerSchema>
export type InitializerObject = z.output<typeof initializerObjectSchema>

/**
 * What a parameter carries: the initializer with the fan of the weight that it belongs to, so that the default of a bias
 * (uniform within ±1/√fan_in of its layer's weight) needs no look at another tensor.
 */
export interface Initializer {
  readonly config: InitializerObject
  readonly fanIn: number
  readonly fanOut: number
}

/** Name → the initializer with its default numbers, parsed once. */
const BY_NAME = new Map<InitializerConfig, InitializerObject>(
  initializerNameSchema.options.map((type) => [type, initializerObjectSchema.parse({ type })]),
)

/** Fills in the numbers of an initializer that was given by name. */
export function toInitializerObject(config: InitializerConfig): InitializerObject {
  if (typeof config !== 'string') return config
  return BY_NAME.get(config) ?? initializerObjectSchema.parse({ type: config })
}
