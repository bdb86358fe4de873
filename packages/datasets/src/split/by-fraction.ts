// Rows drawn at random; stratified, each class gives the same share.

import { shuffledRange } from '@trainyard/engine/random'
import { type Assignment, type SplitShares, TEST, TRAIN, UNMARKED, VALIDATION } from './assignment.ts'

export interface Strata {
  /** Class of each row. */
  readonly classes: Int32Array
  readonly classCount: number
}

/**
 * Stratified: each class gives the same share, rounded, and always keeps a training row. Without strata all rows are one class.
 * @param seed decides the rows; the same arguments always give the same split
 * @param old marks that rows keep, UNMARKED for new ones: of these as many are drawn as all rows together lack
 */
export function splitByFraction(
  rows: number,
  strata: Strata | null,
  shares: SplitShares,
  seed: number,
  old: Uint8Array | null = null,
): Assignment {
  const assignment: Assignment = old?.slice() ?? new Uint8Array(rows).fill(UNMARKED)
  if (strata === null) {
    mark(assignment, old === null ? null : Uint32Array.from(assignment.keys()), old, shares, seed, 0)
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
  for (let c = 0; c < classCount; c++) mark(assignment, byClass.subarray(starts[c], starts[c + 1]), old, shares, seed, c)
  return assignment
}

/** Marks the unmarked among the members of one class. @param members null: all rows, none of which is old */
function mark(
  assignment: Assignment,
  members: Uint32Array | null,
  old: Uint8Array | null,
  { test, validation }: SplitShares,
  seed: number,
  group: number,
): void {
  const fresh = old === null ? members : (members?.filter((row) => old[row] === UNMARKED) ?? null)
  const count = members?.length ?? assignment.length
  const freshCount = fresh?.length ?? count
  const have = (side: number) => (old === null ? 0 : (members?.reduce((sum, row) => sum + (old[row] === side ? 1 : 0), 0) ?? 0))
  // One row at least is for training.
  const free = freshCount - (have(TRAIN) === 0 ? 1 : 0)
  const wanted = (share: number, side: number, room: number) => Math.max(0, Math.min(room, Math.round(count * share) - have(side)))
  const testCount = wanted(test, TEST, free)
  const validationCount = wanted(validation, VALIDATION, free - testCount)
  shuffledRange({ seed, purpose: 'split', a: group }, freshCount).forEach((i, place) => {
    const side = place < testCount ? TEST : place < testCount + validationCount ? VALIDATION : TRAIN
    assignment[fresh === null ? i : (fresh[i] as number)] = side
  })
}
