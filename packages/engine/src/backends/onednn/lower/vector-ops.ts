// Vector primitives over a whole segment, as updates and changes of gradients use them.

import type { TensorId } from '../../../core/tensor.ts'
import { ARGUMENT, type BinaryAlgorithm, type Descriptor, type PostOp } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import type { AnyNode, Slot } from './step.ts'

export const FLOAT_BYTES = 4

export const SQRT: PostOp = { kind: 'eltwise', algorithm: 'sqrt', alpha: 0, beta: 0 }
export const POSITIVE: PostOp = { kind: 'eltwise', algorithm: 'relu', alpha: 0, beta: 0 }
export const plus = (beta: number): PostOp => ({ kind: 'eltwise', algorithm: 'linear', alpha: 1, beta })
export const times = (alpha: number): PostOp => ({ kind: 'eltwise', algorithm: 'linear', alpha, beta: 0 })
export const clip = (bound: number): PostOp => ({ kind: 'eltwise', algorithm: 'clip', alpha: -bound, beta: bound })
export const plusDestination: PostOp = { kind: 'sum', scale: 1 }

/** Operations over a whole segment, as a vector of floats with its padding. */
export function vectorOps(b: PhaseBuilder, node: AnyNode, like: TensorId) {
  const { bytes } = b.persistent.segment(like)
  const vector = b.binding.descriptor([bytes / FLOAT_BYTES], 'f32', 'plain')
  const scalar = b.binding.descriptor([1], 'f32', 'plain')
  const scalarSlots = new Set<Slot>()
  for (const id of [...node.outputs, ...node.inputs]) for (const member of b.persistent.correspondence.membersOf(id)) b.forgetCopies(member)

  function shapeOf(slot: Slot): Descriptor {
    return scalarSlots.has(slot) ? scalar : vector
  }

  function binary(algorithm: BinaryAlgorithm, x: Slot, y: Slot, into: Slot, postOps: readonly PostOp[]): Slot {
    const chosen = b.binding.binary(algorithm, vector, shapeOf(y), vector, postOps)
    if (chosen === null) throw new Error(`oneDNN has no vector operation "${algorithm}"`)
    b.raw(node, `${node.op} ${algorithm}`, chosen, [
      { number: ARGUMENT.source, slot: x, descriptor: vector },
      { number: ARGUMENT.source1, slot: y, descriptor: shapeOf(y) },
      { number: ARGUMENT.destination, slot: into, descriptor: vector },
    ])
    return into
  }

  /** into = Σ scale · source; `into` may be the first source. */
  function sum(scales: readonly number[], sources: readonly Slot[], into: Slot): Slot {
    const chosen = b.binding.sum(
      scales,
      sources.map(() => vector),
      vector,
    )
    if (chosen === null) throw new Error('oneDNN has no sum of vectors')
    b.raw(node, `${node.op} sum`, chosen, [
      ...sources.map((slot, index) => ({ number: ARGUMENT.multipleSource + index, slot, descriptor: vector })),
      { number: ARGUMENT.destination, slot: into, descriptor: vector },
    ])
    return into
  }

  /** A scalar computed from scalar inputs at every step. */
  function scalars(inputs: readonly TensorId[], compute: (values: readonly Float32Array[], out: Float32Array) => void): Slot {
    const out = b.scratch(FLOAT_BYTES)
    const slots = inputs.map((id) => b.readPlain(id))
    scalarSlots.add(out)
    b.host(node, [...slots, out], ({ real }) => {
      const values = slots.map(real)
      const target = real(out)
      return () => compute(values, target)
    })
    return out
  }

  /** A scalar that does not change. */
  function constant(value: number): Slot {
    const slot = b.constant(node, FLOAT_BYTES, value)
    scalarSlots.add(slot)
    return slot
  }

  return {
    binary,
    sum,
    scalars,
    constant,
    scratch: () => b.scratch(bytes),
    /** gradient + weightDecay · parameter; the gradient itself where there is no decay. */
    decayed(gradient: TensorId, parameter: Slot, weightDecay: number): Slot {
      const g = b.persistent.segment(gradient)
      return weightDecay === 0 ? g : sum([1, weightDecay], [g, parameter], b.scratch(bytes))
    },
    /** √x + ε, as functions after a product with 1: the library's own functions take none after them. */
    rootPlus(x: Slot, epsilon: number, into: Slot): Slot {
      return binary('mul', x, constant(1), into, [SQRT, plus(epsilon)])
    },
    negatedRate: (learningRate: TensorId): Slot =>
      scalars([learningRate], ([rate], out) => {
        out[0] = -rate![0]!
      }),
    /** into += scale · x, with a scale that changes from step to step. */
    accumulate(into: Slot, x: Slot, scale: Slot): void {
      binary('mul', x, scale, into, [plusDestination])
    },
  }
}
