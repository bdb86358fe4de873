// Sums of squares by the library: a product of the squares with ones. Its own reductions are loops number by number.

import { ARGUMENT } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import type { AnyNode, Slot } from './step.ts'
import { FLOAT_BYTES } from './vector-ops.ts'

/** Fewer numbers are squared in JavaScript before the library has begun. */
export const NUMBERS_MIN = 2048

/** Row-major `memory` as [rows, columns]: the sum of squares of each row, as [rows]. */
export function squaredRows(b: PhaseBuilder, node: AnyNode, memory: Slot, rows: number, columns: number): Slot {
  const { binding } = b
  const matrix = binding.descriptor([rows, columns], 'f32', 'plain')
  const row = binding.descriptor([1, columns], 'f32', 'plain')
  const column = binding.descriptor([rows, 1], 'f32', 'plain')
  const product = binding.binary('mul', matrix, matrix, matrix, [])
  const sum = binding.innerProductForward('inference', { source: matrix, weights: row, bias: null, destination: column }, [])
  if (product === null || sum === null) throw new Error('oneDNN has no sum of squares')
  const squares = b.scratch(FLOAT_BYTES * rows * columns)
  const sums = b.scratch(FLOAT_BYTES * rows)
  const ones = b.constant(node, FLOAT_BYTES * columns, 1)
  b.raw(node, `${node.op} squares`, product, [
    { number: ARGUMENT.source, slot: memory, descriptor: matrix },
    { number: ARGUMENT.source1, slot: memory, descriptor: matrix },
    { number: ARGUMENT.destination, slot: squares, descriptor: matrix },
  ])
  b.raw(node, `${node.op} sums`, sum, [
    { number: ARGUMENT.source, slot: squares, descriptor: matrix },
    { number: ARGUMENT.weights, slot: ones, descriptor: row },
    { number: ARGUMENT.destination, slot: sums, descriptor: column },
  ])
  return sums
}
