// Sizes of sliding windows, shared by convolution and pooling.

import { elementCount, type TensorType } from '../core/tensor.ts'
import type { Pair, Sides } from './attributes.ts'
import { ShapeError } from './op.ts'
import { invalidAttribute, show } from './operands.ts'

export interface WindowAttributes {
  readonly kernel: Pair
  readonly stride: Pair
  readonly padding: Sides
  readonly dilation: Pair
}

const NO_DILATION: Pair = [1, 1]

/**
 * Output [height, width] of a window that slides over an input: ⌊(input + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1.
 * Throws ShapeError `window_too_large` where it does not fit once.
 */
export function windowOutput(input: Pair, { kernel, stride, padding, dilation }: WindowAttributes): Pair {
  if ([...kernel, ...stride, ...dilation].some((side) => !Number.isInteger(side) || side < 1)) {
    throw invalidAttribute(
      `kernel ${show(kernel)}, stride ${show(stride)}, dilation ${show(dilation)}: expected whole numbers of at least 1`,
      'Use positive whole numbers.',
    )
  }
  if (padding.some((side) => !Number.isInteger(side) || side < 0)) {
    throw invalidAttribute(`padding ${show(padding)}: expected whole numbers of at least 0`, 'Use 0 for no padding.')
  }
  const [top, bottom, left, right] = padding
  const padded: Pair = [input[0] + top + bottom, input[1] + left + right]
  const reach: Pair = [dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1]
  if (reach[0] > padded[0] || reach[1] > padded[1]) {
    const dilated = dilation[0] > 1 || dilation[1] > 1 ? ` (${reach.join('x')} with dilation ${show(dilation)})` : ''
    const missing = Math.ceil(Math.max(reach[0] - padded[0], reach[1] - padded[1]) / 2)
    throw new ShapeError(
      'window_too_large',
      `window ${kernel.join('x')}${dilated} does not fit the ${input.join('x')} input with padding ${show(padding)}. Expected a window of at most ${padded.join('x')}`,
      `Use ${missing} more padding on each side, or a smaller kernel.`,
    )
  }
  return [Math.floor((padded[0] - reach[0]) / stride[0]) + 1, Math.floor((padded[1] - reach[1]) / stride[1]) + 1]
}

/** As windowOutput, for pooling: padding on a side must be less than the kernel, so that no window holds padding alone. */
export function poolingOutput(input: Pair, { kernel, stride, padding }: Omit<WindowAttributes, 'dilation'>): Pair {
  const output = windowOutput(input, { kernel, stride, padding, dilation: NO_DILATION })
  const [top, bottom, left, right] = padding
  if (Math.max(top, bottom) >= kernel[0] || Math.max(left, right) >= kernel[1]) {
    throw invalidAttribute(
      `padding ${show(padding)} with window ${kernel.join('x')}: a window could hold padding alone`,
      'Use less padding than the window is large.',
    )
  }
  return output
}

/** Multiply-adds of a convolution, counted as two: every output element needs one per weight of its filter. */
export function convolutionFlops(y: TensorType, channelsPerGroup: number, kernel: Pair): number {
  return 2 * elementCount(y.shape) * channelsPerGroup * kernel[0] * kernel[1]
}
