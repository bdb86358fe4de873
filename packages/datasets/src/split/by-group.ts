// Whole groups (patients, users, scenes) on one side, so that a model is measured on groups that it has never seen.

import { shuffledRange } from '@trainyard/engine/random'
import { type Assignment, type SplitShares, TEST, TRAIN, VALIDATION } from './assignment.ts'

/**
 * Groups in a random order; each goes to a split while that brings the split's rows nearer to its share. At least one group is for training, and a
 * split with a share gets at least one group where there are enough.
 * @param groups a hash of each row's group
 */
export function splitByGroup(groups: Float64Array, shares: SplitShares, seed: number): Assignment {
  const { index, sizes } = countGroups(groups)
  const order = shuffledRange({ seed, purpose: 'split' }, sizes.length)
  const sides = new Uint8Array(sizes.length)
  const free = sizes.length - 1
  const kept = shares.validation > 0 && free > 1 ? 1 : 0
  const taken = take(order, sizes, sides, TEST, shares.test * groups.length, free - kept)
  take(order, sizes, sides, VALIDATION, shares.validation * groups.length, free - taken)
  return Uint8Array.from(groups, (group) => sides[index.get(group) ?? 0] ?? TRAIN)
}

/** @returns how many groups were taken, at most `free` */
function take(order: Uint32Array, sizes: readonly number[], sides: Uint8Array, side: number, wanted: number, free: number): number {
  let rows = 0
  let taken = 0
  for (const group of order) {
    const size = sizes[group] ?? 0
    if (taken === free || rows >= wanted) break
    if (sides[group] !== TRAIN || rows + size / 2 > wanted) continue
    sides[group] = side
    rows += size
    taken++
  }
  if (taken > 0 || wanted === 0 || free === 0) return taken
  // All groups are larger than twice the share: the smallest is the nearest.
  let smallest = -1
  for (const group of order) {
    if (sides[group] === TRAIN && (smallest < 0 || (sizes[group] ?? 0) < (sizes[smallest] ?? 0))) smallest = group
  }
  sides[smallest] = side
  return 1
}

function countGroups(groups: Float64Array) {
  const index = new Map<number, number>()
  const sizes: number[] = []
  for (const group of groups) {
    let i = index.get(group)
    if (i === undefined) {
      i = sizes.length
      index.set(group, i)
      sizes.push(0)
    }
    sizes[i] = (sizes[i] ?? 0) + 1
  }
  return { index, sizes }
}
