// Geometries that pooling and its derivatives are tested with.

import type { AveragePoolingAttributes, Pair, PoolingAttributes } from './attributes.ts'

export interface PoolingGeometry<A = PoolingAttributes> {
  readonly name: string
  readonly x: readonly [N: number, C: number, H: number, W: number]
  readonly y: Pair
  readonly attributes: A
}

export const POOLINGS: readonly PoolingGeometry[] = [
  { name: '2x2', x: [2, 3, 4, 6], y: [2, 3], attributes: { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } },
  { name: 'drops the remainder', x: [1, 1, 5, 7], y: [2, 3], attributes: { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } },
  { name: 'overlapping and padded', x: [2, 2, 7, 7], y: [4, 4], attributes: { kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] } },
  { name: 'uneven', x: [1, 17, 5, 4], y: [5, 2], attributes: { kernel: [2, 3], stride: [1, 2], padding: [0, 1, 1, 0] } },
  {
    name: 'stride larger than the window',
    x: [1, 2, 8, 8],
    y: [3, 2],
    attributes: { kernel: [2, 2], stride: [3, 5], padding: [0, 0, 0, 0] },
  },
]

const GLOBAL: PoolingGeometry = {
  name: 'the whole image',
  x: [3, 5, 4, 3],
  y: [1, 1],
  attributes: { kernel: [4, 3], stride: [1, 1], padding: [0, 0, 0, 0] },
}

/** Every geometry with padding that counts and that does not. */
export const AVERAGE_POOLINGS: readonly PoolingGeometry<AveragePoolingAttributes>[] = [...POOLINGS, GLOBAL].flatMap((geometry) =>
  [true, false].map((countIncludePadding) => ({
    ...geometry,
    name: `${geometry.name}, padding ${countIncludePadding ? 'counts' : 'does not count'}`,
    attributes: { ...geometry.attributes, countIncludePadding },
  })),
)
