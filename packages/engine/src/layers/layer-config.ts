// Parts that the configuration schemas of layers share.

import { z } from 'zod'
import { initializerSchema } from '../initializers/initializer.ts'

/** Ids become parts of parameter names (`layer1.0.conv1.weight`), so dots are allowed as in PyTorch. */
export const layerIdSchema = z
  .string()
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'expected a letter or _ first, then letters, digits, _ . or -')
  .meta({ description: 'Unique name in the model; parameters are named after it. Default: a prefix and a number, such as conv1.' })

/** Largest size of any dimension: beyond it nothing fits in memory anyway, and products stay safe integers. */
export const DIMENSION_MAX = 16_777_216

export const dimensionSchema = z.int().positive().max(DIMENSION_MAX)

/** Largest side of a window, stride, padding or dilation. */
export const WINDOW_MAX = 1024

const windowSide = z.int().positive().max(WINDOW_MAX)
const paddingSide = z.int().nonnegative().max(WINDOW_MAX)

/** One number for both sides, or [height, width]. */
export const windowSchema = z.union([windowSide, z.tuple([windowSide, windowSide])])
export const paddingSchema = z.union([z.enum(['same', 'valid']), paddingSide, z.tuple([paddingSide, paddingSide])]).meta({
  description:
    "Zeros around the input: 'valid' (none), 'same' (output size = input size / stride, rounded up), one number, or [height, width].",
})

export type Window = z.output<typeof windowSchema>
export type Padding = z.output<typeof paddingSchema>

export const initializerFields = {
  weight_initializer: initializerSchema.optional().meta({ description: "Default: torch_default, PyTorch's own for this layer." }),
  bias_initializer: initializerSchema.optional().meta({ description: "Default: torch_default, PyTorch's own for this layer." }),
}

/** The strict schema of one layer: its type, an optional id and its own fields. */
export function layerConfig<T extends string, S extends z.ZodRawShape>(type: T, fields: S) {
  return z.strictObject({ type: z.literal(type), id: layerIdSchema.optional(), ...fields })
}
