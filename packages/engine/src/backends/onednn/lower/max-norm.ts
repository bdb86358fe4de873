// A bound on the length of the weights of each unit. Needs the units apart: reorders the weights to row-major and back where they lie in blocks.

import { elementCount } from '../../../core/tensor.ts'
import { KERNELS } from '../../reference/kernels.ts'
import { ARGUMENT } from '../binding/binding.ts'
import { isSameMemory } from '../layout/same-memory.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import { NUMBERS_MIN, squaredRows } from './squares.ts'
import type { AnyNode, Slot } from './step.ts'
import { FLOAT_BYTES } from './vector-ops.ts'

const NO_INDICES = new Int32Array(0)

export const maxNorm: Lowering<'max_norm'> = (b, node) => {
  const id = node.inputs[0]!
  const { slot, descriptor, dimensions } = b.persistent.placement(id)
  const plain = b.binding.descriptor(dimensions, 'f32', 'plain')
  const isPlain = isSameMemory(b.binding, descriptor, plain)
  const work = isPlain ? slot : b.scratch(b.binding.size(plain))
  const { name } = b.tensor(id)
  const units = unitsOf(dimensions, b.tensor(id).shape[0]!)
  const size = elementCount(dimensions) / units
  if (!isPlain) b.reorder(name, slot, descriptor, work, plain)
  if (units * size < NUMBERS_MIN) {
    b.host(node, [work], ({ real }) => {
      const values = real(work).subarray(0, units * size)
      const weight = { shape: [units, size], type: 'real', values, indices: NO_INDICES } as const
      return KERNELS.max_norm.bind({ inputs: [weight], outputs: [weight], scratch: new Float32Array(0) }, node.attributes)
    })
  } else scaleUnits(b, node, work, units, size, node.attributes.bound)
  if (!isPlain) b.reorder(name, work, plain, slot, descriptor)
  b.forgetCopies(id)
  return true
}

/** weight[k] ← weight[k] · min(1, bound / ‖weight[k]‖₂) */
function scaleUnits(b: PhaseBuilder, node: AnyNode, weights: Slot, units: number, size: number, bound: number): void {
  const sums = squaredRows(b, node, weights, units, size)
  const scales = b.scratch(FLOAT_BYTES * units)
  b.host(node, [sums, scales], ({ real }) => {
    const [squares, factors] = [real(sums), real(scales)]
    return () => {
      for (let k = 0; k < units; k++) {
        const scale = bound / Math.sqrt(squares[k]!)
        factors[k] = scale < 1 ? scale : 1
      }
    }
  })
  // Units as channels: the library has vectors for a factor of each channel.
  const channels = b.binding.descriptor([1, units, size], 'f32', 'plain')
  const factors = b.binding.descriptor([1, units, 1], 'f32', 'plain')
  const product = b.binding.binary('mul', channels, factors, channels, [])
  if (product === null) throw new Error('oneDNN has no product by channel')
  b.raw(node, `${node.op} mul`, product, [
    { number: ARGUMENT.source, slot: weights, descriptor: channels },
    { number: ARGUMENT.source1, slot: scales, descriptor: factors },
    { number: ARGUMENT.destination, slot: weights, descriptor: channels },
  ])
}

/** Weights of a grouped convolution have the groups as a dimension of their own. */
function unitsOf(dimensions: readonly number[], units: number): number {
  let product = 1
  for (const size of dimensions) {
    if (product >= units) break
    product *= size
  }
  return product
}
