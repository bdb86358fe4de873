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
/** Their kernels (oneDNN 2.6.3) compute wrongly in what is left over when vector registers are filled; those for SSE 4.1 and AVX-512 do not. */
const WRONG_IN_RESTS: readonly string[] = ['avx', 'avx2']

/** As `followingActivation`, for a sum: not where its kernel gives wrong numbers with an activation behind it. */
export function activationOfSum(b: PhaseBuilder, node: AnyNode, form: Form): Fusion | null {
  return hasWrongRest(b, form) ? null : followingActivation(b, node)
}

/** Whether channels, or numbers, are left over when registers are filled, for kernels that are wrong there. */
export function hasWrongRest(b: PhaseBuilder, { descriptor, dimensions }: Form): boolean {
  if (!WRONG_IN_RESTS.includes(b.binding.instructionSet)) return false
  const numbers = elementCount(dimensions)
  return numbers % REGISTER !== 0 || b.binding.size(descriptor) !== FLOAT_BYTES * numbers
}
