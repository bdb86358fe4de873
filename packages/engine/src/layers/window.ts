// Windows, strides and paddings of a configuration as the numbers that ops take.

import type { Padding, Window } from './layer-config.ts'

export type Pair = readonly [height: number, width: number]
export type Sides = readonly [top: number, bottom: number, left: number, right: number]

export function toPair(window: Window): Pair {
  return typeof window === 'number' ? [window, window] : window
}

export interface WindowGeometry {
  readonly input: Pair
  readonly kernel: Pair
  readonly stride: Pair
  readonly dilation: Pair
}

/**
 * Zeros on each side. 'same' gives ⌈input / stride⌉ outputs; an odd zero goes to the bottom and right (as in TensorFlow and ONNX SAME_UPPER).
 * @example toSides('same', { input: [28, 28], kernel: [5, 5], stride: [1, 1], dilation: [1, 1] }) // [2, 2, 2, 2]
 */
export function toSides(padding: Padding, { input, kernel, stride, dilation }: WindowGeometry): Sides {
  if (padding === 'valid') return [0, 0, 0, 0]
  if (padding === 'same') {
    const vertical = sameTotal(input[0], kernel[0], stride[0], dilation[0])
    const horizontal = sameTotal(input[1], kernel[1], stride[1], dilation[1])
    return [Math.floor(vertical / 2), Math.ceil(vertical / 2), Math.floor(horizontal / 2), Math.ceil(horizontal / 2)]
  }
  const [vertical, horizontal] = toPair(padding)
  return [vertical, vertical, horizontal, horizontal]
}

function sameTotal(input: number, kernel: number, stride: number, dilation: number): number {
  const outputs = Math.ceil(input / stride)
  return Math.max(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - input)
}
