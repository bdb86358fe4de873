// A program: the network, its derivative and its update as straight lists of ops. Pure data, printable.

import type { OpAttributes, OpName } from '../ops/attributes.ts'
import type { Tensor, TensorId } from './tensor.ts'

/** One op applied to tensors. */
export type ProgramNode = { readonly [K in OpName]: Node<K> }[OpName]

export interface Node<K extends OpName = OpName> {
  readonly op: K
  readonly inputs: readonly TensorId[]
  readonly outputs: readonly TensorId[]
  readonly attributes: OpAttributes<K>
  /** Path in the specification that the op came from, for errors and profiles: `layers[0]`. */
  readonly origin: string
}

/**
 * A run of tensors that lie next to each other in memory, in order, so that one vector call updates all of them.
 * `tensor` stands for the whole (its logical shape is [sum of members]); a backend may pad members, identically in segments
 * whose members correspond (parameters, gradients, slots of one update).
 */
export interface Segment {
  readonly tensor: TensorId
  readonly members: readonly TensorId[]
}

/** `train`: forward, backward, update. `evaluate`: forward, loss, counts and predictions. `predict`: forward only. */
export type Phase = 'train' | 'evaluate' | 'predict'

export interface Program {
  readonly batchSize: number
  readonly tensors: readonly Tensor[]
  readonly segments: readonly Segment[]
  readonly phases: { readonly [K in Phase]: readonly ProgramNode[] }
}
