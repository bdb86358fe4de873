// Optimizer updates: a few vector primitives over a whole segment. Padding is zero in every operand and stays zero.

import type { TensorId } from '../../../core/tensor.ts'
import { ARGUMENT, type BinaryAlgorithm, type Descriptor, type PostOp } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import type { AnyNode, Slot } from './step.ts'

const FLOAT_BYTES = 4

/** g += weightDecay · p; v = momentum · v + g; p −= learningRate · v, or g + momentum · v with Nesterov's correction. */
export const sgdUpdate: Lowering<'sgd_update'> = (b, node) => {
  const [parameter, gradient, learningRate, velocity] = node.inputs
  const { momentum, nesterov, weightDecay } = node.attributes
  const vector = vectorOps(b, node, parameter!)
  const p = b.persistent.segment(parameter!)
  const v = velocity === undefined ? null : b.persistent.segment(velocity)
  let g = b.persistent.segment(gradient!)
  if (weightDecay !== 0) g = vector.sum([1, weightDecay], [g, p], vector.scratch())
  if (v !== null) vector.sum([momentum, 1], [v, g], v)
  const direction = v === null ? g : nesterov ? vector.sum([1, momentum], [g, v], vector.scratch()) : v
  const scale = vector.scalars([learningRate!], ([rate], out) => {
    out[0] = -rate![0]!
  })
  vector.accumulate(p, direction, scale)
  return true
}

/** m = β₁m + (1 − β₁)g; v = β₂v + (1 − β₂)g²; p −= learningRate / c₁ · m / (√(v / c₂) + ε), c the bias corrections. */
export const adamUpdate: Lowering<'adam_update'> = (b, node) => {
  const [parameter, gradient, learningRate, correction, first, second] = node.inputs
  const { beta1, beta2, epsilon, weightDecay, decoupled } = node.attributes
  const vector = vectorOps(b, node, parameter!)
  const [p, m, v] = [b.persistent.segment(parameter!), b.persistent.segment(first!), b.persistent.segment(second!)]
  let g = b.persistent.segment(gradient!)
  if (weightDecay !== 0 && decoupled) {
    const shrink = vector.scalars([learningRate!], ([rate], out) => {
      out[0] = 1 - rate![0]! * weightDecay
    })
    vector.binary('mul', p, shrink, p, [])
  } else if (weightDecay !== 0) g = vector.sum([1, weightDecay], [g, p], vector.scratch())
  const work = vector.binary('mul', g, g, vector.scratch(), [])
  vector.sum([beta1, 1 - beta1], [m, g], m)
  vector.sum([beta2, 1 - beta2], [v, work], v)
  const inverse = vector.scalars([correction!], ([corrections], out) => {
    out[0] = 1 / corrections![1]!
  })
  const eltwise = (algorithm: 'sqrt' | 'linear', alpha: number, beta: number): PostOp => ({ kind: 'eltwise', algorithm, alpha, beta })
  vector.binary('mul', v, inverse, work, [eltwise('sqrt', 0, 0), eltwise('linear', 1, epsilon)])
  const direction = vector.binary('div', m, work, vector.scratch(), [])
  const scale = vector.scalars([learningRate!, correction!], ([rate, corrections], out) => {
    out[0] = -rate![0]! / corrections![0]!
  })
  vector.accumulate(p, direction, scale)
  return true
}

/** Operations over a whole segment, as a vector of floats with its padding. */
function vectorOps(b: PhaseBuilder, node: AnyNode, like: TensorId) {
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

  return {
    binary,
    scratch: () => b.scratch(bytes),
    /** into = Σ scale · source; `into` may be the first source. */
    sum(scales: readonly number[], sources: readonly Slot[], into: Slot): Slot {
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
    },
    /** into += scale · x, with a scale that changes from step to step. */
    accumulate(into: Slot, x: Slot, scale: Slot): void {
      binary('mul', x, scale, into, [{ kind: 'sum', scale: 1 }])
    },
    /** A scalar computed from scalar inputs at every step. */
    scalars(inputs: readonly TensorId[], compute: (values: readonly Float32Array[], out: Float32Array) => void): Slot {
      const out = b.scratch(FLOAT_BYTES)
      const slots = inputs.map((id) => b.readPlain(id))
      scalarSlots.add(out)
      b.host(node, [...slots, out], ({ real }) => {
        const values = slots.map(real)
        const target = real(out)
        return () => compute(values, target)
      })
      return out
    },
  }
}
