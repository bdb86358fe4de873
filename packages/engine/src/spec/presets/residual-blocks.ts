// Blocks of residual networks, named as in torchvision: conv1, bn1, conv2, bn2, downsample.

import type { z } from 'zod'
import type { activationNameSchema } from '../model-spec.ts'
import type { ChainLayer } from './preset.ts'

export type Activation = z.output<typeof activationNameSchema>

/** A convolution without bias, since a batch norm follows. */
export function convolution(id: string | undefined, filters: number, kernel: number, stride = 1): ChainLayer {
  const name = id === undefined ? {} : { id }
  return { type: 'conv2d', ...name, filters, kernel, stride, padding: (kernel - 1) / 2, bias: false, weight_initializer: 'he_normal' }
}

/** Convolutions, each with its batch norm, an activation between them and none at the end: F of F(x) + x. */
export function body(convolutions: readonly { filters: number; kernel: number; stride?: number }[], activation: Activation): ChainLayer[] {
  return convolutions.flatMap(({ filters, kernel, stride }, index): ChainLayer[] => {
    const number = index + 1
    const normalized: ChainLayer[] = [convolution(`conv${number}`, filters, kernel, stride), { type: 'batch_norm', id: `bn${number}` }]
    return number < convolutions.length ? [...normalized, { type: activation, id: `relu${number}` }] : normalized
  })
}

/** Option B of the paper: a 1×1 convolution where the shape changes. */
export function projection(filters: number, stride: number): ChainLayer[] {
  return [convolution(undefined, filters, 1, stride), { type: 'batch_norm' }]
}

/** Option A: every second pixel, and zeros for the channels that are new, half of them on each side. */
export function padding(channels: number, filters: number): ChainLayer[] {
  const added = filters - channels
  const before = Math.floor(added / 2)
  return [
    { type: 'avg_pool2d', kernel: 1, stride: 2 },
    { type: 'pad_channels', before, after: added - before },
  ]
}

export function residual(layers: ChainLayer[], shortcut: ChainLayer[] | null, activation: Activation): ChainLayer {
  return shortcut === null ? { type: 'residual', layers, activation } : { type: 'residual', layers, shortcut, activation }
}
