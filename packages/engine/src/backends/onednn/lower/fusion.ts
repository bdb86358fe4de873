// Activations taken into the primitive before them: y = f(conv(x)) in one pass over memory.

import { elementCount, type TensorId } from '../../../core/tensor.ts'
import type { PostOp } from '../binding/binding.ts'
import { FORWARD_ALGORITHM } from './activation.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Form } from './placements.ts'
import type { AnyNode } from './step.ts'
import { FLOAT_BYTES } from './vector-ops.ts'

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

/** Numbers of the widest vector register. */
const REGISTER = 16

/**
 * As `followingActivation`, for a sum: only where no channels and no numbers are left over when vector registers are filled. In such a rest oneDNN's
 * kernels for AVX and AVX2 (2.6.3) give wrong numbers when an activation stands behind a sum; those for SSE 4.1 and AVX-512 do not.
 */
export function activationOfSum(b: PhaseBuilder, node: AnyNode, form: Form): Fusion | null {
  const isWhole = elementCount(form.dimensions) % REGISTER === 0 && !hasPadding(b, form)
  return isWhole ? followingActivation(b, node) : null
}

/** Whether channels are left over in the last block of a layout. */
export function hasPadding(b: PhaseBuilder, { descriptor, dimensions }: Pick<Form, 'descriptor' | 'dimensions'>): boolean {
  return b.binding.size(descriptor) !== FLOAT_BYTES * elementCount(dimensions)
}
