// Windows and strides in the form that the C interface takes.

import type {
  ConvolutionGeometry,
  Layout,
  Normalization,
  NormalizationFlag,
  PoolingGeometry,
  StridedLayout,
  TaggedLayout,
} from './binding.ts'
import { dimensionArray } from './native.ts'

/** Strides, dilations (0 is dense), padding before, padding after. */
export function convolutionArrays(g: ConvolutionGeometry): [BigInt64Array, BigInt64Array, BigInt64Array, BigInt64Array] {
  return [
    dimensionArray(g.stride),
    dimensionArray(g.dilation.map((step) => step - 1)),
    dimensionArray(g.paddingBegin),
    dimensionArray(g.paddingEnd),
  ]
}

/** Strides, kernel, padding before, padding after. */
export function poolingArrays(g: PoolingGeometry): [BigInt64Array, BigInt64Array, BigInt64Array, BigInt64Array] {
  return [dimensionArray(g.stride), dimensionArray(g.kernel), dimensionArray(g.paddingBegin), dimensionArray(g.paddingEnd)]
}

/** `bits` of the version at hand. */
export function normalizationFlags(
  { relu = false, fixedStatistics = false }: Normalization,
  bits: { readonly [K in NormalizationFlag]: number },
): number {
  return bits.scale | bits.shift | (relu ? bits.relu : 0) | (fixedStatistics ? bits.fixedStatistics : 0)
}

/** Order of dimensions from the slowest to the fastest, for `rank` dimensions. */
const ORDER: { readonly [K in StridedLayout]: (rank: number) => readonly number[] } = {
  plain: (rank) => range(rank),
  channelsLast: (rank) => (rank < 3 ? range(rank) : [0, ...range(rank).slice(2), 1]),
}

export function isTagged(layout: Layout): layout is TaggedLayout {
  return layout !== 'plain' && layout !== 'channelsLast'
}

/** Elements to the next index of each dimension. */
export function stridesOf(dimensions: readonly number[], layout: StridedLayout): number[] {
  const strides = new Array<number>(dimensions.length)
  let step = 1
  for (const dimension of [...ORDER[layout](dimensions.length)].reverse()) {
    strides[dimension] = step
    step *= dimensions[dimension]!
  }
  return strides
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
