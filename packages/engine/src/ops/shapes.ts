// Shape rules that several ops share.

import { elementCount, type Shape, type TensorType } from '../core/tensor.ts'
import type { PoolingAttributes } from './attributes.ts'
import { type Cost, ShapeError } from './op.ts'

const text = (shape: Shape) => `[${shape.join(', ')}]`

export const real = (...shape: number[]): TensorType => ({ shape, type: 'real' })

/** The input at a position. An op that is given too few inputs is a mistake of the program's builder. */
export function inputAt(inputs: readonly TensorType[], position: number): TensorType {
  const input = inputs[position]
  if (input === undefined) throw new ShapeError('missing_input', `input ${position} is missing`, 'Connect every input of the op.')
  return input
}

/** Dimensions of an input, checked for their number. */
export function dimensions(inputs: readonly TensorType[], position: number, rank: number): readonly number[] {
  const { shape } = inputAt(inputs, position)
  if (shape.length !== rank) {
    throw new ShapeError(
      'wrong_rank',
      `input ${position} has the shape ${text(shape)}; expected ${rank} dimensions`,
      rank === 2 ? 'Flatten it first.' : 'Use an input of shape [batch, channels, height, width].',
    )
  }
  return shape
}

export function expectShape(inputs: readonly TensorType[], position: number, expected: Shape): void {
  const { shape } = inputAt(inputs, position)
  if (shape.length !== expected.length || shape.some((size, i) => size !== expected[i])) {
    throw new ShapeError(
      'shape_mismatch',
      `input ${position} has the shape ${text(shape)}; expected ${text(expected)}`,
      'Make the shapes of the inputs agree.',
    )
  }
}

/** Outputs of a window along one dimension. Source: Dumoulin and Visin 2016, relationship 15. */
function outputSize(axis: string, input: number, before: number, after: number, kernel: number, stride: number, dilation: number): number {
  const extent = (kernel - 1) * dilation + 1
  if (extent > input + before + after) {
    throw new ShapeError(
      'window_too_large',
      `a window of ${axis} ${extent} does not fit the input of ${axis} ${input} with padding ${before} + ${after}`,
      `Use a kernel of at most ${input + before + after}, or more padding.`,
    )
  }
  return Math.floor((input + before + after - extent) / stride) + 1
}

/** [output height, output width] of a window over [height, width]. */
export function windowOutput(
  [height, width]: readonly [number, number],
  { kernel, stride, padding, dilation = [1, 1] }: PoolingAttributes & { readonly dilation?: readonly [number, number] },
): readonly [number, number] {
  const [top, bottom, left, right] = padding
  return [
    outputSize('height', height, top, bottom, kernel[0], stride[0], dilation[0]),
    outputSize('width', width, left, right, kernel[1], stride[1], dilation[1]),
  ]
}

/** Bytes of all tensors at 4 bytes an element, with the given number of operations. */
export function cost(flops: number, ...tensors: readonly TensorType[]): Cost {
  return { flops, bytes: tensors.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0) }
}

/** A fixed number of operations for each element of the first output. */
export function costPerOutput(flopsEach: number) {
  return (inputs: readonly TensorType[], outputs: readonly TensorType[]): Cost => {
    const [first] = outputs
    return cost(flopsEach * elementCount(first?.shape ?? []), ...inputs, ...outputs)
  }
}
