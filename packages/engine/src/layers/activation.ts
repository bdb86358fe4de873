// The activations as layers. One table: they differ in name and slope only.

import { z } from 'zod'
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
