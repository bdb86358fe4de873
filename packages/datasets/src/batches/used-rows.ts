// Which rows of the training split a run trains on: all, or those that its seed draws.

import { subset } from '@trainyard/engine/random'

/**
 * @param row of the split, from 0
 * @param sampleLimit rows that the run trains on; null for all
 * @example isTrainingRow(17, { rows: 60_000, seed: 0, sampleLimit: null }) // true
 */
export function isTrainingRow(
  row: number,
  { rows, seed, sampleLimit }: { rows: number; seed: number; sampleLimit: number | null },
): boolean {
  if (row >= rows) return false
  return sampleLimit === null || sampleLimit >= rows || subset(seed, rows, sampleLimit).includes(row)
}
