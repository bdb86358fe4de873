// Optimizer updates: a few vector primitives over a whole segment. Padding is zero in every operand and stays zero.

import type { TensorId } from '../../../core/tensor.ts'
import { ARGUMENT, type BinaryAlgorithm, type Descriptor, type PostOp } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import { inPlace } from './in-place.ts'
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
  const g = vector.decayed(gradient!, p, weightDecay)
  if (v !== null) vector.sum([momentum, 1], [v, g], v)
  const direction = v === null ? g : nesterov ? vector.sum([1, momentum], [g, v], vector.scratch()) : v
  vector.accumulate(p, direction, vector.negatedRate(learningRate!))
  return true
}

/** m = β₁m + (1 − β₁)g; v = β₂v + (1 − β₂)g²; p −= learningRate / c₁ · m / (√(v / c₂) + ε), c the bias corrections. */
export const adamUpdate: Lowering<'adam_update'> = (b, node) => {
  const [parameter, gradient, learningRate, correction, first, second] = node.inputs
  const { beta1, beta2, epsilon, weightDecay, decoupled } = node.attributes
  const vector = vectorOps(b, node, parameter!)
  const [p, m, v] = [b.persistent.segment(parameter!), b.persistent.segment(first!), b.persistent.segment(second!)]
  const g = vector.decayed(gradient!, p, decoupled ? 0 : weightDecay)
  if (weightDecay !== 0 && decoupled) {
    const shrink = vector.scalars([learningRate!], ([rate], out) => {
      out[0] = 1 - rate![0]! * weightDecay
    })
    vector.binary('mul', p, shrink, p, [])
  }
  const work = vector.binary('mul', g, g, vector.scratch(), [])
  vector.sum([beta1, 1 - beta1], [m, g], m)
  vector.sum([beta2, 1 - beta2], [v, work], v)
  const inverse = vector.scalars([correction!], ([corrections], out) => {
    out[0] = 1 / corrections![1]!
  })
  vector.binary('mul', v, inverse, work, [SQRT, plus(epsilon)])
  const direction = vector.binary('div', m, work, vector.scratch(), [])
  const scale = vector.scalars([learningRate!, correction!], ([rate, corrections], out) => {
    out[0] = -rate![0]! / corrections![0]!
  })
  vector.accumulate(p, direction, scale)
  return true
}

/** s = αs + (1 − α)g²; d = g / (√(s − [centered] m²) + ε); with momentum v = momentum · v + d, d = v; p −= learningRate · d. */
export const rmspropUpdate: Lowering<'rmsprop_update'> = (b, node) => {
  const [parameter, gradient, learningRate, meanOfSquares, ...others] = node.inputs
  const { smoothing, epsilon, momentum, centered, weightDecay } = node.attributes
  const vector = vectorOps(b, node, parameter!)
  const [p, s] = [b.persistent.segment(parameter!), b.persistent.segment(meanOfSquares!)]
  const slots = others.map((id) => b.persistent.segment(id))
  const [m, v] = centered ? slots : [undefined, slots[0]]
  const g = vector.decayed(gradient!, p, weightDecay)
  const work = vector.binary('mul', g, g, vector.scratch(), [])
  vector.sum([smoothing, 1 - smoothing], [s, work], s)
  if (m === undefined) vector.rootPlus(s, epsilon, work)
  else {
    vector.sum([smoothing, 1 - smoothing], [m, g], m)
    vector.binary('mul', m, m, work, [])
    // Rounding may take a variance of 0 below it.
    vector.binary('sub', s, work, work, [POSITIVE, SQRT, plus(epsilon)])
  }
  let direction = vector.binary('div', g, work, work, [])
  if (momentum > 0 && v !== undefined) direction = vector.sum([momentum, 1], [v, direction], v)
  vector.accumulate(p, direction, vector.negatedRate(learningRate!))
  return true
}

/** s += g²; p −= learningRate · g / (√s + ε) */
export const adagradUpdate: Lowering<'adagrad_update'> = (b, node) => {
  const [parameter, gradient, learningRate, sumOfSquares] = node.inputs
  const { epsilon, weightDecay } = node.attributes
  const vector = vectorOps(b, node, parameter!)
  const [p, s] = [b.persistent.segment(parameter!), b.persistent.segment(sumOfSquares!)]
  const g = vector.decayed(gradient!, p, weightDecay)
  vector.binary('mul', g, g, s, [{ kind: 'sum', scale: 1 }])
  const work = vector.rootPlus(s, epsilon, vector.scratch())
  vector.accumulate(p, vector.binary('div', g, work, work, []), vector.negatedRate(learningRate!))
  return true
}

/** gradient += l2 · p; with signs, number by number. */
export const penaltyGradient: Lowering<'penalty_gradient'> = (b, node) => {
  const [gradient, parameter] = node.inputs
  const { l1, l2 } = node.attributes
  if (l1 !== 0) return inPlace(b, node)
  const g = b.persistent.segment(gradient!)
  vectorOps(b, node, gradient!).sum([1, l2], [g, b.persistent.segment(parameter!)], g)
  return true
}

const SQRT: PostOp = { kind: 'eltwise', algorithm: 'sqrt', alpha: 0, beta: 0 }
const POSITIVE: PostOp = { kind: 'eltwise', algorithm: 'relu', alpha: 0, beta: 0 }
const plus = (beta: number): PostOp => ({ kind: 'eltwise', algorithm: 'linear', alpha: 1, beta })

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

  return {
    binary,
    sum,
    scalars,
    scratch: () => b.scratch(bytes),
    /** gradient + weightDecay · parameter; the gradient itself where there is no decay. */
    decayed(gradient: TensorId, parameter: Slot, weightDecay: number): Slot {
      const g = b.persistent.segment(gradient)
      return weightDecay === 0 ? g : sum([1, weightDecay], [g, parameter], b.scratch(bytes))
    },
    /** √x + ε, as functions after a product with 1: the library's own functions take none after them. */
    rootPlus(x: Slot, epsilon: number, into: Slot): Slot {
      const one = b.constant(node, FLOAT_BYTES, 1)
      scalarSlots.add(one)
      return binary('mul', x, one, into, [SQRT, plus(epsilon)])
    },
    negatedRate: (learningRate: TensorId): Slot =>
      scalars([learningRate], ([rate], out) => {
        out[0] = -rate![0]!
      }),
    /** into += scale · x, with a scale that changes from step to step. */
    accumulate(into: Slot, x: Slot, scale: Slot): void {
      binary('mul', x, scale, into, [{ kind: 'sum', scale: 1 }])
    },
  }
}
