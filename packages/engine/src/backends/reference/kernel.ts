// What a kernel of the reference backend is: bound once to its arrays, then called without arguments in every step.

import type { TensorType } from '../../core/tensor.ts'
import type { OpAttributes, OpName } from '../../ops/index.ts'
import type { RealArray } from '../backend.ts'

/** A tensor with its memory: `values` of real tensors, `indices` of labels and workspaces. The other one is empty. */
export interface Operand extends TensorType {
  readonly values: RealArray
  readonly indices: Int32Array
}

export interface Operands {
  readonly inputs: readonly Operand[]
  readonly outputs: readonly Operand[]
  /** As many reals as `scratch` asked for, shared by all kernels: nothing in it survives a call. */
  readonly scratch: RealArray
}

export interface Kernel<A> {
  /** Reals of working memory. Default: none. */
  scratch?(inputs: readonly TensorType[], outputs: readonly TensorType[], attributes: A): number
  /** Does all that depends on shapes; the result does the numbers only. */
  bind(operands: Operands, attributes: A): () => void
}

export type KernelTable = { readonly [K in OpName]: Kernel<OpAttributes<K>> }
