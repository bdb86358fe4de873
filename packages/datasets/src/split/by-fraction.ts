// Rows drawn at random; stratified, each class gives the same share.

import { shuffledRange } from '@trainyard/engine/random'
import { type Assignment, type SplitShares, TEST, VALIDATION } from './assignment.ts'

export interface Strata {
  /** Class of each row. */
  readonly classes: Int32Array
  readonly classCount: number
}

/**
 * Stratified: each class gives the same share, rounded, and always keeps a training row. Without strata all rows are one class.
 * @param seed decides the rows; the same arguments always give the same split
 */
export function splitByFraction(rows: number, strata: Strata | null, shares: SplitShares, seed: number): Assignment {
  const assignment: Assignment = new Uint8Array(rows)
  if (strata === null) {
    mark(assignment, null, rows, shares, seed, 0)
    return assignment
  }
  const { classes, classCount } = strata
  const starts = new Uint32Array(classCount + 1)
  for (const c of classes) starts[c + 1] = (starts[c + 1] ?? 0) + 1
  for (let c = 0; c < classCount; c++) starts[c + 1] = (starts[c + 1] ?? 0) + (starts[c] ?? 0)
  const byClass = new Uint32Array(rows)
  const next = starts.slice(0, classCount)
  classes.forEach((c, row) => {
    const at = next[c] ?? 0
    byClass[at] = row
    next[c] = at + 1
  })
  for (let c = 0; c < classCount; c++) {
    const members = byClass.subarray(starts[c], starts[c + 1])
    mark(assignment, members, members.length, shares, seed, c)
  }
  return assignment
}

function mark(
  assignment: Assignment,
  members: Uint32Array | null,
  count: number,
  { test, validation }: SplitShares,
  seed: number,
  group: number,
): void {
  if (count < 2) return
  const order = shuffledRange({ seed, purpose: 'split', a: group }, count)
  const testCount = Math.min(count - 1, Math.round(count * test))
  const validationCount = Math.min(count - 1 - testCount, Math.round(count * validation))
  order.subarray(0, testCount + validationCount).forEach((i, place) => {
    assignment[members === null ? i : (members[i] ?? 0)] = place < testCount ? TEST : VALIDATION
  })
}
