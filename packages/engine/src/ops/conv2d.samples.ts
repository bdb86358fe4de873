// Geometries of convolutions that the op and its two derivatives are tested with: the usual ones and the awkward ones.

import type { ConvolutionAttributes, Pair } from './attributes.ts'

export interface ConvolutionGeometry {
  readonly name: string
  readonly x: readonly [N: number, C: number, H: number, W: number]
  /** Output channels. */
  readonly K: number
  readonly kernel: Pair
  readonly y: Pair
  readonly bias: boolean
  readonly attributes: ConvolutionAttributes
}

const usual: ConvolutionAttributes = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 }

export const CONVOLUTIONS: readonly ConvolutionGeometry[] = [
  { name: 'valid, with bias', x: [2, 3, 5, 6], K: 4, kernel: [3, 3], y: [3, 4], bias: true, attributes: usual },
  { name: '1x1 without bias', x: [2, 5, 3, 3], K: 2, kernel: [1, 1], y: [3, 3], bias: false, attributes: usual },
  {
    name: 'padded, stride 2',
    x: [1, 1, 7, 7],
    K: 3,
    kernel: [3, 3],
    y: [4, 4],
    bias: true,
    attributes: { ...usual, stride: [2, 2], padding: [1, 1, 1, 1] },
  },
  {
    name: 'stride larger than the kernel',
    x: [2, 3, 7, 8],
    K: 2,
    kernel: [2, 2],
    y: [2, 2],
    bias: true,
    attributes: { ...usual, stride: [4, 5] },
  },
  {
    name: 'uneven padding, window not square',
    x: [1, 3, 6, 5],
    K: 2,
    kernel: [2, 3],
    y: [6, 5],
    bias: true,
    attributes: { ...usual, padding: [0, 1, 1, 1] },
  },
  {
    name: 'dilated',
    x: [1, 2, 7, 8],
    K: 3,
    kernel: [3, 2],
    y: [3, 6],
    bias: false,
    attributes: { ...usual, dilation: [2, 2] },
  },
  {
    name: 'two groups',
    x: [2, 4, 5, 5],
    K: 6,
    kernel: [3, 3],
    y: [5, 5],
    bias: true,
    attributes: { ...usual, padding: [1, 1, 1, 1], groups: 2 },
  },
  {
    name: 'depthwise',
    x: [1, 3, 5, 4],
    K: 3,
    kernel: [3, 3],
    y: [5, 4],
    bias: true,
    attributes: { ...usual, padding: [1, 1, 1, 1], groups: 3 },
  },
  { name: '17 channels to 13', x: [1, 17, 4, 4], K: 13, kernel: [2, 2], y: [3, 3], bias: true, attributes: usual },
  { name: 'window as large as the input', x: [3, 2, 4, 4], K: 5, kernel: [4, 4], y: [1, 1], bias: true, attributes: usual },
]

/** Shape of the weight: [K, C/groups, R, S]. */
export function weightShape({ x, K, kernel, attributes }: ConvolutionGeometry): readonly number[] {
  return [K, x[1] / attributes.groups, ...kernel]
}
