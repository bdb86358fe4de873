// Fan-in and fan-out as PyTorch and Glorot and Bengio (2010) count them.

import type { Shape } from '../core/tensor.ts'

/**
 * Of a dense weight [out, in] or a convolution weight [K, C/groups, R, S]: the window counts on both sides.
 * @example fans([6, 1, 5, 5]) // { fanIn: 25, fanOut: 150 }
 */
export function fans(weight: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const [out = 1, inputs = 1, ...window] = weight
  const receptive = window.reduce((product, size) => product * size, 1)
  return { fanIn: inputs * receptive, fanOut: out * receptive }
}
