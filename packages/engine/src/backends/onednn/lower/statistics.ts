// Variances. The library keeps σ², the ops speak of 1 / √(σ² + ε): converted only where an op outside of this backend's own reads it.

import type { TensorId } from '../../../core/tensor.ts'
import type { OpName } from '../../../ops/attributes.ts'
import { ARGUMENT } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import type { AnyNode, Argument } from './step.ts'
import { decideBias } from './weights.ts'

const FLOAT_BYTES = 4

/** Ops whose lowering takes the variance as the library keeps it. */
const TAKES_VARIANCE: { readonly [K in OpName]?: true } = { batch_norm_backward: true, layer_norm_backward: true, running_statistics: true }

/** Memory in which a primitive leaves the variance behind `inverseStd`. */
export function keepVariance(b: PhaseBuilder, inverseStd: TensorId, size: number): Argument {
  const variance = argument(b, size)
  b.variances.set(inverseStd, variance)
  return variance
}

/** The variance behind `inverseStd`, computed from it where no primitive of this phase left it. */
export function varianceOf(b: PhaseBuilder, node: AnyNode, inverseStd: TensorId, size: number, epsilon: number): Argument {
  const kept = b.variances.get(inverseStd)
  if (kept !== undefined) return kept
  const from = b.readPlain(inverseStd)
  const variance = argument(b, size)
  b.host(node, [from, variance.slot], ({ real }) => {
    const [inverse, out] = [real(from), real(variance.slot)]
    return () => {
      for (let i = 0; i < inverse.length; i++) out[i] = 1 / inverse[i]! ** 2 - epsilon
    }
  })
  return variance
}

/** Writes 1 / √(σ² + ε) where something else than a derivative reads it. */
export function writeInverseStd(b: PhaseBuilder, node: AnyNode, inverseStd: TensorId, epsilon: number): void {
  const isRead = b.nodes.some(({ op, inputs }) => TAKES_VARIANCE[op] !== true && inputs.includes(inverseStd))
  if (!isRead && !b.persistent.isPersistent(inverseStd)) return
  const { slot } = b.variances.get(inverseStd)!
  const into = b.writePlain(inverseStd)
  b.host(node, [slot, into], ({ real }) => {
    const [variance, out] = [real(slot), real(into)]
    return () => {
      for (let i = 0; i < out.length; i++) out[i] = 1 / Math.sqrt(variance[i]! + epsilon)
    }
  })
}

/** runningMean ← (1 − momentum) · runningMean + momentum · mean; the same for the variance, unbiased. */
export const runningStatistics: Lowering<'running_statistics'> = (b, node) => {
  const [runningMean, runningVariance, mean, inverseStd] = node.inputs
  const { momentum, epsilon, values } = node.attributes
  const size = b.placement(mean!).dimensions[0]!
  const variance = varianceOf(b, node, inverseStd!, size, epsilon).slot
  const from = b.read(mean!, decideBias(b, mean!, size))
  const [intoMean, intoVariance] = [runningMean!, runningVariance!].map((id) => b.write(id, decideBias(b, id, size)))
  const unbiased = momentum * (values > 1 ? values / (values - 1) : 1)
  b.host(node, [from, variance, intoMean!, intoVariance!], ({ real }) => {
    const [newMean, newVariance, keptMean, keptVariance] = [real(from), real(variance), real(intoMean!), real(intoVariance!)]
    return () => {
      for (let c = 0; c < size; c++) {
        keptMean[c] = (1 - momentum) * keptMean[c]! + momentum * newMean[c]!
        keptVariance[c] = (1 - momentum) * keptVariance[c]! + unbiased * newVariance[c]!
      }
    }
  })
  return true
}

function argument(b: PhaseBuilder, size: number): Argument {
  return { number: ARGUMENT.variance, slot: b.scratch(FLOAT_BYTES * size), descriptor: b.binding.descriptor([size], 'f32', 'plain') }
}
