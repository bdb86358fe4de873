// Optimizer updates: a few vector primitives over a whole segment. Padding is zero in every operand and stays zero.

import type { Lowering } from './lowering.ts'
import { POSITIVE, plus, plusDestination, SQRT, vectorOps } from './vector-ops.ts'

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
  vector.binary('mul', g, g, s, [plusDestination])
  const work = vector.rootPlus(s, epsilon, vector.scratch())
  vector.accumulate(p, vector.binary('div', g, work, work, []), vector.negatedRate(learningRate!))
  return true
}
