// The numbers of a model in training, by name: what a checkpoint holds and a session takes and gives.

import type { Shape } from '../core/tensor.ts'

export interface StateTensor {
  readonly shape: Shape
  /** Row-major. */
  readonly data: Float32Array
}

/** `model.conv1.weight`, `optimizer.velocity.conv1.weight`. */
export type StateTensors = ReadonlyMap<string, StateTensor>
