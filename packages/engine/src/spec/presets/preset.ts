// What a preset is: options in, a chain of layers out.

import type { z } from 'zod'
import type { layersSpecSchema } from '../model-spec.ts'

/** A chain of layers as a user would write it. */
export type Chain = Omit<z.input<typeof layersSpecSchema>, 'version'>
export type ChainLayer = Chain['layers'][number]

export interface PublishedCount {
  readonly options: Readonly<Record<string, unknown>>
  readonly parameters: number
  /** Where the number comes from. */
  readonly source: string
}

export interface Preset<S extends z.ZodObject = z.ZodObject> {
  readonly title: string
  readonly summary: string
  readonly source: string
  /** Strict; every option has a default or is described. */
  readonly options: S
  expand(options: z.output<S>): Chain
  /** Parameter counts from elsewhere, checked by the tests. */
  readonly published: readonly PublishedCount[]
}

/** Binds the option type of one preset. */
export function definePreset<S extends z.ZodObject>(preset: Preset<S>): Preset<S> {
  return preset
}
