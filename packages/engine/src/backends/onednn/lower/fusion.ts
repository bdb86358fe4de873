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
 * Whether `add` and what is fused to it may write over the source: not where channels or numbers are left over when vector registers are filled. There
 * oneDNN's AVX2 kernels (2.6.3) give wrong numbers, though sources may be overwritten by its documentation; those of AVX-512 do not.
 */
export function mayWriteInPlace(b: PhaseBuilder, fusion: Fusion | null, { descriptor, dimensions }: Form): boolean {
  if (fusion === null) return true
  return elementCount(dimensions) % REGISTER === 0 && !hasPadding(b, { descriptor, dimensions })
}

/** Whether channels are left over in the last block of a layout. */
export function hasPadding(b: PhaseBuilder, { descriptor, dimensions }: Pick<Form, 'descriptor' | 'dimensions'>): boolean {
  return b.binding.size(descriptor) !== FLOAT_BYTES * elementCount(dimensions)
}
