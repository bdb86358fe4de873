// Layer normalization over all dimensions but the batch: rows of a row-major matrix.

import { ARGUMENT, type ArgumentName, type Normalization } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import { keepVariance, varianceOf, writeInverseStd } from './statistics.ts'
import type { AnyNode, Argument, Slot } from './step.ts'

/** y = γ · (x − μ) / √(σ² + ε) + β with μ and σ² of each row. */
export const layerNorm: Lowering<'layer_norm'> = (b, node) => {
  const [x, gamma, beta] = node.inputs
  const [y, mean, inverseStd] = node.outputs
  const { rows, normalization, descriptors } = rowsOf(b, node, x!)
  const { matrix, row, column } = descriptors
  const chosen = b.binding.layerNormForward('training', matrix, column, normalization)
  if (chosen === null) return false
  const at = (name: ArgumentName, slot: Slot, descriptor = matrix): Argument => ({ number: ARGUMENT[name], slot, descriptor })
  b.raw(node, 'layer norm', chosen, [
    at('source', b.readPlain(x!)),
    at('scale', b.readPlain(gamma!), row),
    at('shift', b.readPlain(beta!), row),
    at('destination', b.writePlain(y!)),
    at('mean', b.writePlain(mean!), column),
    keepVariance(b, inverseStd!, rows),
  ])
  writeInverseStd(b, node, inverseStd!, normalization.epsilon)
  return true
}

export const layerNormBackward: Lowering<'layer_norm_backward'> = (b, node) => {
  const [dy, x, gamma, mean, inverseStd] = node.inputs
  const [dx, dGamma, dBeta] = node.outputs
  const { rows, normalization, descriptors } = rowsOf(b, node, x!)
  const { matrix, row, column } = descriptors
  const forward = b.binding.layerNormForward('training', matrix, column, normalization)
  const chosen = forward && b.binding.layerNormBackward(matrix, matrix, column, normalization, b.own(forward))
  if (chosen === null) return false
  const at = (name: ArgumentName, slot: Slot, descriptor = matrix): Argument => ({ number: ARGUMENT[name], slot, descriptor })
  const variance = varianceOf(b, node, inverseStd!, rows, normalization.epsilon)
  const scale = b.readPlain(gamma!)
  b.raw(node, 'layer norm backward', chosen, [
    at('dDestination', b.readPlain(dy!)),
    at('source', b.readPlain(x!)),
    at('scale', scale, row),
    // Version 2 asks for the shift although no derivative depends on it; γ has its size.
    at('shift', scale, row),
    at('mean', b.readPlain(mean!), column),
    variance,
    at('dSource', b.writePlain(dx!)),
    at('dScale', b.writePlain(dGamma!), row),
    at('dShift', b.writePlain(dBeta!), row),
  ])
  return true
}

function rowsOf(b: PhaseBuilder, { attributes }: AnyNode & { readonly attributes: Normalization }, x: number) {
  const [rows = 1, ...rest] = b.tensor(x).shape
  const size = rest.reduce((product, extent) => product * extent, 1)
  const plain = (...dimensions: number[]) => b.binding.descriptor(dimensions, 'f32', 'plain')
  return {
    rows,
    normalization: { epsilon: attributes.epsilon },
    descriptors: { matrix: plain(rows, size), row: plain(size), column: plain(rows) },
  }
}
