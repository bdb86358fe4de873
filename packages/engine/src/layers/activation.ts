// The activations as layers. One table: they differ in name and slope only.

import { z } from 'zod'
import { defineLayer, type Layer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

const slope = (description: string, value: number) => z.number().nonnegative().max(100).default(value).meta({ description })

export const reluConfigSchema = layerConfig('relu', {})
export const sigmoidConfigSchema = layerConfig('sigmoid', {})
export const tanhConfigSchema = layerConfig('tanh', {})
export const leakyReluConfigSchema = layerConfig('leaky_relu', {
  negative_slope: slope('Slope below 0.', 0.01),
})
export const eluConfigSchema = layerConfig('elu', { alpha: slope('The limit at −∞ is −alpha.', 1) })
export const geluConfigSchema = layerConfig('gelu', {})
export const siluConfigSchema = layerConfig('silu', {})
export const softplusConfigSchema = layerConfig('softplus', {})

type ActivationFunction = 'relu' | 'sigmoid' | 'tanh' | 'leaky_relu' | 'elu' | 'gelu' | 'silu' | 'softplus'
type ActivationSchema = z.ZodObject<{ type: z.ZodLiteral<ActivationFunction>; id: z.ZodOptional<z.ZodString> }>

/** `alpha` is the op's one number: the slope or scale of the functions that have one, else 0. */
function activation<S extends ActivationSchema>(
  name: ActivationFunction,
  summary: string,
  config: S,
  alpha: (config: z.output<S>) => number,
): Layer<S> {
  return defineLayer({
    summary,
    config,
    idPrefix: name,
    arity: [1, 1],
    inputRank: null,
    build: (builder, [x], options) => single(builder.emit('activation', [x], { function: name, alpha: alpha(options) })),
    samples: [
      { name: 'features', config: { type: name } as z.input<S>, inputs: [[5]], output: [5], parameters: 0 },
      { name: 'image', config: { type: name } as z.input<S>, inputs: [[3, 4, 5]], output: [3, 4, 5], parameters: 0 },
    ],
    errors: [],
  })
}

const none = () => 0

export const relu = activation('relu', 'max(0, x)', reluConfigSchema, none)
export const sigmoid = activation('sigmoid', '1 / (1 + e^−x)', sigmoidConfigSchema, none)
export const tanh = activation('tanh', '(e^x − e^−x) / (e^x + e^−x)', tanhConfigSchema, none)
export const leakyRelu = activation(
  'leaky_relu',
  'x for x > 0, else negative_slope · x',
  leakyReluConfigSchema,
  (config) => config.negative_slope,
)
export const elu = activation('elu', 'x for x > 0, else alpha · (e^x − 1)', eluConfigSchema, (config) => config.alpha)
export const gelu = activation('gelu', 'x · Φ(x), Φ the normal distribution function', geluConfigSchema, none)
export const silu = activation('silu', 'x · sigmoid(x)', siluConfigSchema, none)
export const softplus = activation('softplus', 'ln(1 + e^x)', softplusConfigSchema, none)
