// Brightness, contrast and saturation of raw pixels from 0 to 255.

import type { AugmentationOf } from '@trainyard/engine/spec'
import { type ImageShape, type PixelStep, rangeOf } from './transform.ts'

const WHITE = 255
/** Luma of red, green and blue (ITU-R BT.601). */
const RED = 0.299
const GREEN = 0.587
const BLUE = 0.114

export function brightness({ factor }: AugmentationOf<'brightness'>): PixelStep {
  const [low, high] = rangeOf(factor, 1)
  return (pixels, draws) => {
    const f = draws.between(low, high)
    for (let i = 0; i < pixels.length; i++) pixels[i] = clamp((pixels[i] as number) * f)
  }
}

export function contrast({ factor }: AugmentationOf<'contrast'>, { channels, height, width }: ImageShape): PixelStep {
  const [low, high] = rangeOf(factor, 1)
  const plane = height * width
  return (pixels, draws) => {
    const f = draws.between(low, high)
    const shift = (channels === 3 ? meanLuma(pixels, plane) : meanOf(pixels)) * (1 - f)
    for (let i = 0; i < pixels.length; i++) pixels[i] = clamp((pixels[i] as number) * f + shift)
  }
}

export function saturation({ factor }: AugmentationOf<'saturation'>, { height, width }: ImageShape): PixelStep {
  const [low, high] = rangeOf(factor, 1)
  const plane = height * width
  return (pixels, draws) => {
    const f = draws.between(low, high)
    for (let i = 0; i < plane; i++) {
      const shift = luma(pixels, i, plane) * (1 - f)
      for (let k = i; k < 3 * plane; k += plane) pixels[k] = clamp((pixels[k] as number) * f + shift)
    }
  }
}

function luma(pixels: Float32Array, i: number, plane: number): number {
  return RED * (pixels[i] as number) + GREEN * (pixels[i + plane] as number) + BLUE * (pixels[i + 2 * plane] as number)
}

function meanLuma(pixels: Float32Array, plane: number): number {
  let sum = 0
  for (let i = 0; i < plane; i++) sum += luma(pixels, i, plane)
  return sum / plane
}

function meanOf(pixels: Float32Array): number {
  let sum = 0
  for (let i = 0; i < pixels.length; i++) sum += pixels[i] as number
  return sum / pixels.length
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > WHITE ? WHITE : value
}
