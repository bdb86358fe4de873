// A ReLU after a batch normalization: the primitives of the normalization compute it and its derivative on the way.

import type { TensorId } from '../../../core/tensor.ts'
import type { PhaseBuilder } from './builder.ts'
import type { AnyNode } from './step.ts'

/** The ReLU that alone reads the tensor. */
export function followingRelu(b: PhaseBuilder, normalized: TensorId): { readonly node: AnyNode; readonly output: TensorId } | null {
  const next = b.liveness.onlyUse(normalized)
  if (next?.op !== 'activation' || next.attributes.function !== 'relu' || b.persistent.isPersistent(normalized)) return null
  return { node: next, output: next.outputs[0]! }
}

/**
 * Leaves the derivative of a ReLU to the batch normalization that took the ReLU in.
 * @returns false where the ReLU stands alone
 */
export function foldIntoNormalization(b: PhaseBuilder, node: AnyNode): boolean {
  const [dy, activated] = node.inputs
  const dNormalized = node.outputs[0]!
  const reader = b.liveness.onlyUse(dNormalized)
  if (reader?.op !== 'batch_norm_backward' || b.norms.get(reader.inputs[4]!)?.activated !== activated) return false
  b.unmasked.set(dNormalized, dy!)
  b.liveness.alias(dNormalized, dy!)
  return true
}
