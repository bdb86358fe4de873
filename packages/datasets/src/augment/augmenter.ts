// Applies a list of augmentations to samples, one after another, in memory that it allocates once.

import type { Augmentation, AugmentationType } from '@trainyard/engine/spec'
import { type Normalizer, normalizeInto } from '../batches/normalize.ts'
import { AffineMap } from './affine-map.ts'
import { DisplacementField } from './displacement-field.ts'
import { Draws } from './draws.ts'
import { type Pixels, resample } from './resample.ts'
import type { CorruptionStep, DistortionStep, GeometricStep, ImageShape, PixelStep, SampleScale, TransformDefinition } from './transform.ts'
import { TRANSFORMS } from './transforms.ts'

export interface AugmenterOptions {
  readonly list: readonly Augmentation[]
  /** 0 … 2^32 − 1. */
  readonly seed: number
  /** [channels, height, width] of an image, or [columns]; what the list fits (validateAugmentation). */
  readonly shape: readonly number[]
  readonly normalizer: Normalizer
}

/** A change with its probability and its place in the list, which its random numbers belong to. */
interface Placed<Step> {
  readonly step: Step
  readonly place: number
  readonly probability: number
}

/** Neighbours in the list that share one resampling: maps, and at the end perhaps a distortion. */
interface GeometryGroup {
  readonly maps: Placed<GeometricStep>[]
  distortion: Placed<DistortionStep> | null
}

type Stage = { readonly geometry: GeometryGroup } | { readonly pixels: Placed<PixelStep> }

const WHITE = 255

export class Augmenter {
  readonly #normalizer: Normalizer
  readonly #draws: Draws
  readonly #shape: ImageShape
  readonly #stages: readonly Stage[]
  readonly #corruptions: readonly Placed<CorruptionStep>[]
  readonly #map = new AffineMap()
  readonly #field: DisplacementField | null
  /** Two pictures, resampled from one to the other in turn. */
  readonly #pictures: readonly [Float32Array, Float32Array]
  /** The picture as changed so far: the raw sample, or one of the two above. */
  #pixels: Pixels
  #at = 0

  constructor({ list, seed, shape, normalizer }: AugmenterOptions) {
    const [channels = 1, height = 1, width = 1] = shape
    this.#normalizer = normalizer
    this.#draws = new Draws(seed)
    this.#shape = { channels, height, width }
    const { stages, corruptions } = compile(list, this.#shape, scaleOf(normalizer))
    this.#stages = stages
    this.#corruptions = corruptions
    this.#field = list.some(({ type }) => TRANSFORMS[type].stage === 'distortion') ? new DisplacementField(height, width) : null
    this.#pictures = [new Float32Array(normalizer.sampleSize), new Float32Array(normalizer.sampleSize)]
    this.#pixels = this.#pictures[0]
  }

  /** Whether `corrupt` can change anything. */
  get hasCorruption(): boolean {
    return this.#corruptions.length > 0
  }

  /** The raw sample `source[at …]` of a row, changed by all but the corruptions and normalized, to `into[to …]`. */
  augment(source: Pixels, at: number, epoch: number, row: number, into: Float32Array, to: number): void {
    this.#draws.sample(epoch, row)
    this.#pixels = source
    this.#at = at
    for (const stage of this.#stages) {
      if ('geometry' in stage) this.#move(stage.geometry)
      else if (this.#happens(stage.pixels)) stage.pixels.step(this.#writable(), this.#draws)
    }
    normalizeInto(this.#normalizer, this.#pixels, this.#at, into, to)
  }

  /** Corrupts a normalized sample of a row in place, `values[at …]`. */
  corrupt(values: Float32Array, at: number, epoch: number, row: number): void {
    this.#draws.sample(epoch, row)
    for (const corruption of this.#corruptions) if (this.#happens(corruption)) corruption.step(values, at, this.#draws)
  }

  /** Leaves the draws where the change takes its own numbers. */
  #happens({ place, probability }: Placed<unknown>): boolean {
    this.#draws.place(place)
    return this.#draws.uniform() < probability
  }

  #move({ maps, distortion }: GeometryGroup): void {
    const map = this.#map
    map.reset()
    let isMoved = false
    for (const entry of maps) {
      if (!this.#happens(entry)) continue
      entry.step(map, this.#draws)
      isMoved = true
    }
    let field: DisplacementField | null = null
    if (distortion !== null && this.#field !== null && this.#happens(distortion)) {
      field = this.#field
      distortion.step(field, this.#draws)
    }
    if (!isMoved && field === null) return
    const into = this.#pixels === this.#pictures[0] ? this.#pictures[1] : this.#pictures[0]
    resample(this.#pixels, this.#at, this.#shape, map, field, into)
    this.#pixels = into
    this.#at = 0
  }

  /** The picture in memory of our own. */
  #writable(): Float32Array {
    const [first, second] = this.#pictures
    if (this.#pixels === first) return first
    if (this.#pixels === second) return second
    for (let i = 0; i < first.length; i++) first[i] = this.#pixels[this.#at + i] as number
    this.#pixels = first
    this.#at = 0
    return first
  }
}

function compile(list: readonly Augmentation[], shape: ImageShape, scale: SampleScale) {
  const stages: Stage[] = []
  const corruptions: Placed<CorruptionStep>[] = []
  let group: GeometryGroup | null = null
  list.forEach((config, place) => {
    const definition: TransformDefinition<AugmentationType> = TRANSFORMS[config.type]
    const { probability } = config
    if (definition.stage === 'geometry' || definition.stage === 'distortion') {
      if (group === null) {
        group = { maps: [], distortion: null }
        stages.push({ geometry: group })
      }
      if (definition.stage === 'geometry') group.maps.push({ step: definition.create(config, shape), place, probability })
      else {
        group.distortion = { step: definition.create(config, shape), place, probability }
        group = null
      }
      return
    }
    group = null
    if (definition.stage === 'pixels') stages.push({ pixels: { step: definition.create(config, shape, scale), place, probability } })
    else corruptions.push({ step: definition.create(config, scale), place, probability })
  })
  return { stages, corruptions }
}

function scaleOf({ sampleSize, groupSize, factors, offsets }: Normalizer): SampleScale {
  return {
    sampleSize,
    groupSize,
    zero: offsets.map((offset, i) => -offset / (factors[i] ?? 1)),
    black: offsets,
    white: offsets.map((offset, i) => offset + WHITE * (factors[i] ?? 1)),
  }
}
