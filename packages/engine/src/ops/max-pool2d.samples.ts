// Geometries that max-pooling and its derivative are tested with.

import type { Pair, PoolingAttributes } from './attributes.ts'

export interface PoolingGeometry {
  readonly name: string
  readonly x: readonly [N: number, C: number, H: number, W: number]
  readonly y: Pair
  readonly attributes: PoolingAttributes
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
