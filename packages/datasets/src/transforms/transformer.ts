// Applies fitted transforms to one sample after another, in memory that it allocates once. Training, evaluation and prediction all use this.

import type { FittedColumns, FittedTransforms } from '@trainyard/contracts'
import { type Normalizer, normalizeInto } from '../batches/normalize.ts'
import { fittedShape } from './fitted.ts'
import { Resizer } from './resize.ts'

/** ITU-R BT.601 luma, as in PIL and torchvision. */
const LUMA = [0.299, 0.587, 0.114] as const

export type Pixels = Uint8Array | Float32Array

export interface Transformer {
  /** Numbers of a raw sample. */
  readonly inputSize: number
  /** Numbers and shape of what the model takes. */
  readonly size: number
  readonly shape: readonly number[]
  /** Factor and offset per channel or column: the scale that augmentation draws its values in. */
  readonly normalizer: Normalizer
  /** Null for tables. Else the picture after the geometric transforms, before its numbers are scaled: where augmentation works. */
  readonly picture: ((source: Pixels, at: number) => { readonly pixels: Pixels; readonly at: number }) | null
  /** A raw sample, from `source[at]` on, to float32, from `into[to]` on. */
  apply(source: ArrayLike<number>, at: number, into: Float32Array, to: number): void
}

export function createTransformer(fitted: FittedTransforms): Transformer {
  const shape = fittedShape(fitted)
  const size = shape.reduce((product, length) => product * length, 1)
  const normalizer: Normalizer = {
    sampleSize: size,
    factors: Float64Array.from(fitted.factor),
    offsets: Float64Array.from(fitted.offset),
    groupSize: size / fitted.factor.length,
  }
  if (fitted.kind === 'columns') {
    return { inputSize: fitted.inputs, size, shape, normalizer, picture: null, apply: columnsApplier(fitted, normalizer) }
  }
  const [channels, height, width] = fitted.input
  const resizer = fitted.resize === null ? null : new Resizer(channels, { height, width }, fitted.resize)
  const resized = new Float32Array(resizer === null ? 0 : channels * resizer.to.height * resizer.to.width)
  const grey = new Float32Array(fitted.grayscale && channels > 1 ? size : 0)
  const picture = (source: Pixels, at: number) => {
    let pixels = source
    let from = at
    if (resizer !== null) {
      resizer.resize(source, at, resized)
      pixels = resized
      from = 0
    }
    if (grey.length > 0) {
      toGrey(pixels, from, channels, grey)
      pixels = grey
      from = 0
    }
    return { pixels, at: from }
  }
  const isDirect = resizer === null && grey.length === 0
  return {
    inputSize: channels * height * width,
    size,
    shape,
    normalizer,
    picture,
    apply(source, at, into, to) {
      if (isDirect) normalizeInto(normalizer, source, at, into, to)
      else {
        const { pixels, at: from } = picture(source as Pixels, at)
        normalizeInto(normalizer, pixels, from, into, to)
      }
    },
  }
}

function columnsApplier({ source: columns, equals, fill, inputs }: FittedColumns, normalizer: Normalizer): Transformer['apply'] {
  const isPlain = inputs === columns.length && columns.every((column, i) => column === i) && equals.every((code) => code === null)
  if (isPlain && fill.every((value) => value === null)) return (source, at, into, to) => normalizeInto(normalizer, source, at, into, to)
  const { factors, offsets } = normalizer
  const from = Int32Array.from(columns)
  // −2 for a number: no code, and no indicator.
  const codes = Int32Array.from(equals, (code) => code ?? -2)
  const fills = Float64Array.from(fill, (value) => value ?? Number.NaN)
  return (source, at, into, to) => {
    for (let i = 0; i < from.length; i++) {
      let value = source[at + (from[i] as number)] as number
      const code = codes[i] as number
      if (code >= 0) value = (Number.isNaN(value) ? (fills[i] as number) : value) === code ? 1 : 0
      else if (code === -1) value = Number.isNaN(value) ? 1 : 0
      else if (Number.isNaN(value)) value = fills[i] as number
      into[to + i] = value * (factors[i] as number) + (offsets[i] as number)
    }
  }
}

function toGrey(pixels: Pixels, at: number, channels: number, into: Float32Array): void {
  for (let i = 0; i < into.length; i++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) {
      const weight = channels === 3 ? (LUMA[channel] as number) : 1 / channels
      sum += weight * (pixels[at + channel * into.length + i] as number)
    }
    into[i] = sum
  }
}
