// x' = (x · scale − mean) / std, in double precision and rounded once to float32. Training, evaluation and prediction all use this.

import type { DatasetInput, Normalization } from '@trainyard/contracts'

export interface Normalizer {
  /** Numbers per sample. */
  readonly sampleSize: number
  /** Factor and offset per group of `groupSize` neighbouring numbers: a channel's pixels, or one column. */
  readonly factors: Float64Array
  readonly offsets: Float64Array
  readonly groupSize: number
}

/** @throws RangeError when the numbers of means and deviations do not fit the input */
export function createNormalizer(input: Pick<DatasetInput, 'kind' | 'shape'>, { scale, mean, std }: Normalization): Normalizer {
  const sampleSize = input.shape.reduce((product, size) => product * size, 1)
  const groups = input.shape[0] ?? 0
  if (mean.length !== groups || std.length !== groups) {
    throw new RangeError(`the normalization has ${mean.length} means and ${std.length} deviations; the input needs ${groups}`)
  }
  return {
    sampleSize,
    factors: Float64Array.from(std, (deviation) => scale / deviation),
    offsets: Float64Array.from(mean, (value, i) => -value / (std[i] ?? 1)),
    groupSize: sampleSize / groups,
  }
}

/** One raw sample, from `source[sourceAt]` on, to float32, from `into[at]` on. */
export function normalizeInto(normalizer: Normalizer, source: ArrayLike<number>, sourceAt: number, into: Float32Array, at: number): void {
  const { factors, offsets, groupSize, sampleSize } = normalizer
  const shift = sourceAt - at
  if (groupSize === 1) {
    for (let i = 0; i < sampleSize; i++) into[at + i] = (source[sourceAt + i] as number) * (factors[i] as number) + (offsets[i] as number)
    return
  }
  for (let group = 0; group < factors.length; group++) {
    const factor = factors[group] as number
    const offset = offsets[group] as number
    const end = at + (group + 1) * groupSize
    for (let i = at + group * groupSize; i < end; i++) into[i] = (source[i + shift] as number) * factor + offset
  }
}
