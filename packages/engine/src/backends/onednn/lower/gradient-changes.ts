// Changes of gradients before an update, and their lengths. Padding is zero in every operand and stays zero.

import type { TensorId } from '../../../core/tensor.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import { NUMBERS_MIN, squaredRows } from './squares.ts'
import type { Slot } from './step.ts'
import { clip, FLOAT_BYTES, plusDestination, times, vectorOps } from './vector-ops.ts'

/** Times it, every normal number is beyond 1. */
const HUGE = 3e38
/** Numbers that are added together by the library. */
const COLUMNS = 512

/** gradient += l1 · sign(p) + l2 · p */
export const penaltyGradient: Lowering<'penalty_gradient'> = (b, node) => {
  const [gradient, parameter] = node.inputs
  const { l1, l2 } = node.attributes
  const vector = vectorOps(b, node, gradient!)
  const [g, p] = [b.persistent.segment(gradient!), b.persistent.segment(parameter!)]
  if (l1 !== 0) vector.binary('mul', p, vector.constant(HUGE), g, [clip(1), times(l1), plusDestination])
  if (l2 !== 0) vector.sum([1, l2], [g, p], g)
  return true
}

/** gradient ← max(−bound, min(bound, gradient)), but what is no number must not become one: the library's bounds take NaN for −bound. */
export const clipByValue: Lowering<'clip_by_value'> = (b, node) => {
  const gradient = node.inputs[0]!
  const vector = vectorOps(b, node, gradient)
  const g = b.persistent.segment(gradient)
  const isNumber = vector.binary('equal', g, g, vector.scratch(), [])
  vector.binary('mul', g, vector.constant(1), g, [clip(node.attributes.bound)])
  vector.binary('div', g, isNumber, g, [])
  return true
}

/** gradient ← gradient · min(1, bound / (√Σ norms² + 1e-6)) */
export const clipByNorm: Lowering<'clip_by_norm'> = (b, node) => {
  const [gradient, norms] = node.inputs
  const { bound } = node.attributes
  const vector = vectorOps(b, node, gradient!)
  const g = b.persistent.segment(gradient!)
  const scale = vector.scalars([norms!], ([lengths], out) => {
    let squares = 0
    for (let i = 0; i < lengths!.length; i++) squares += lengths![i]! * lengths![i]!
    const factor = bound / (Math.sqrt(squares) + 1e-6)
    out[0] = factor < 1 ? factor : 1
  })
  vector.binary('mul', g, scale, g, [])
  return true
}

/** norms[i] = √Σ x_i²; the library adds rows, JavaScript the rest of the numbers and the sums. */
export const l2Norms: Lowering<'l2_norms'> = (b, node) => {
  const tensors = node.inputs.map((id) => {
    const memory = memoryOf(b, id)
    const count = memory.bytes / FLOAT_BYTES
    const rows = count < NUMBERS_MIN ? 0 : Math.floor(count / COLUMNS)
    return { memory, rows, sums: rows === 0 ? null : squaredRows(b, node, memory, rows, COLUMNS) }
  })
  const norms = b.writePlain(node.outputs[0]!)
  const slots = tensors.flatMap(({ memory, sums }) => (sums === null ? [memory] : [memory, sums]))
  b.host(node, [...slots, norms], ({ real }) => {
    const sums = tensors.map((tensor) => (tensor.sums === null ? new Float32Array(0) : real(tensor.sums)))
    const rests = tensors.map(({ memory, rows }) => real(memory).subarray(rows * COLUMNS))
    const out = real(norms)
    return () => {
      for (let t = 0; t < out.length; t++) {
        const rowSums = sums[t]!
        const rest = rests[t]!
        let squares = 0
        for (let i = 0; i < rowSums.length; i++) squares += rowSums[i]!
        for (let i = 0; i < rest.length; i++) squares += rest[i]! * rest[i]!
        out[t] = Math.sqrt(squares)
      }
    }
  })
  return true
}

/** A gradient as it lies, anything else row-major. */
function memoryOf(b: PhaseBuilder, id: TensorId): Slot {
  return b.persistent.isPersistent(id) ? b.persistent.segment(id) : b.readPlain(id)
}
