// What an augmentation is made of. Each kind is created once for a configuration and a shape, and then only computes: no allocation per sample.

import type { AugmentationOf, AugmentationType } from '@trainyard/engine/spec'
import type { AffineMap } from './affine-map.ts'
import type { DisplacementField } from './displacement-field.ts'
import type { Draws } from './draws.ts'

export interface ImageShape {
  readonly channels: number
  readonly height: number
  readonly width: number
}

/** How raw numbers and normalized ones belong together: per group of neighbouring numbers (a channel, a column). */
export interface SampleScale {
  readonly sampleSize: number
  readonly groupSize: number
  /** Raw value that is normalized to 0. */
  readonly zero: Float64Array
  /** What the pixels 0 and 255 are normalized to. */
  readonly black: Float64Array
  readonly white: Float64Array
}

/** Changes where the pixels of the result come from. */
export type GeometricStep = (map: AffineMap, draws: Draws) => void
/** Fills a field that moves the pixels of the result. */
export type DistortionStep = (field: DisplacementField, draws: Draws) => void
/** Changes raw pixels [C, H, W] in place. */
export type PixelStep = (pixels: Float32Array, draws: Draws) => void
/** Changes normalized numbers in place, those of one sample from `at` on. */
export type CorruptionStep = (values: Float32Array, at: number, draws: Draws) => void

export type TransformDefinition<K extends AugmentationType> =
  | { readonly stage: 'geometry'; create(config: AugmentationOf<K>, shape: ImageShape): GeometricStep }
  | { readonly stage: 'distortion'; create(config: AugmentationOf<K>, shape: ImageShape): DistortionStep }
  | { readonly stage: 'pixels'; create(config: AugmentationOf<K>, shape: ImageShape, scale: SampleScale): PixelStep }
  | { readonly stage: 'corruption'; create(config: AugmentationOf<K>, scale: SampleScale): CorruptionStep }

/** A number r stands for [centre − r, centre + r]. */
export function rangeOf(range: number | readonly [number, number], centre: number): readonly [low: number, high: number] {
  return typeof range === 'number' ? [centre - range, centre + range] : range
}
