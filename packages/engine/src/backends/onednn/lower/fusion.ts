// Activations taken into the primitive before them: y = f(conv(x)) in one pass over memory.

import type { TensorId } from '../../../core/tensor.ts'
import type { PostOp } from '../binding/binding.ts'
import { FORWARD_ALGORITHM } from './activation.ts'
import type { PhaseBuilder } from './builder.ts'
import type { AnyNode } from './step.ts'

export interface Fusion {
  readonly node: AnyNode
  readonly output: TensorId
  readonly postOps: readonly PostOp[]
}

/** The activation that alone reads the node's output; the backward pass must not need the value before it either. */
export function followingActivation(b: PhaseBuilder, node: AnyNode): Fusion | null {
  const output = node.outputs[0]!
  const next = b.liveness.onlyUse(output)
  if (next?.op !== 'activation' || b.persistent.isPersistent(output)) return null
  const { algorithm, alpha } = FORWARD_ALGORITHM[next.attributes.function](next.attributes.alpha)
  return { node: next, output: next.outputs[0]!, postOps: [{ kind: 'eltwise', algorithm, alpha, beta: 0 }] }
}
