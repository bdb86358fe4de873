// What a tensor of a program is. A description only: numbers live in a backend.

/** `real` is float32 in training and float64 in gradient checks; `index` is int32 (labels); `workspace` is opaque to all but the op that wrote it. */
export type ElementType = 'real' | 'index' | 'workspace'

/** Logical shape, row-major: activations N…, images NCHW, convolution weights KCRS, dense weights [out, in]. */
export type Shape = readonly number[]

/** A shape with its element type: all that shape inference sees of a tensor. */
export interface TensorType {
  readonly shape: Shape
  readonly type: ElementType
}

/**
 * - `input`: written before every step (samples, labels, scalars such as the learning rate)
 * - `parameter`: learned or frozen weights; kept in checkpoints under `model.*`
 * - `buffer`: state that is not learned (running statistics); kept in checkpoints under `model.*`
 * - `slot`: optimizer state; kept in checkpoints under `optimizer.*`
 * - `gradient`: derivative of the loss by a parameter
 * - `activation`: any other intermediate value; its memory is shared by liveness
 * - `output`: read after a step (loss, counts, predictions); never shares memory
 */
export type TensorRole = 'input' | 'parameter' | 'buffer' | 'slot' | 'gradient' | 'activation' | 'output'

/** Index into `Program.tensors`. */
export type TensorId = number

export interface Tensor extends TensorType {
  readonly id: TensorId
  /** Unique in the program; PyTorch's name for parameters (`conv1.weight`). */
  readonly name: string
  readonly role: TensorRole
}

/** Product of the dimensions; 1 for a scalar. Throws RangeError past 2^53 − 1. */
export function elementCount(shape: Shape): number {
  let count = 1
  for (const size of shape) {
    count *= size
    if (!Number.isSafeInteger(count)) throw new RangeError(`shape [${shape.join(', ')}] has more elements than 2^53 - 1`)
  }
  return count
}
