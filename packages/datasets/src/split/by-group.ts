// Whole groups (patients, users, scenes) on one side, so that a model is measured on groups that it has never seen.

import { shuffledRange } from '@trainyard/engine/random'
import { type Assignment, type SplitShares, TEST, TRAIN, UNMARKED, VALIDATION } from './assignment.ts'

/**
 * Groups in a random order; each goes to a split while that brings the split's rows nearer to its share. At least one group is for training, and a
 * split with a share gets at least one group where there are enough.
 * @param groups a hash of each row's group
 * @param old marks that rows keep, UNMARKED for new ones: these join their group, and only new groups are drawn
 */
export function splitByGroup(groups: Float64Array, shares: SplitShares, seed: number, old: Uint8Array | null = null): Assignment {
  const { index, sizes } = countGroups(groups)
  const sides = new Uint8Array(sizes.length).fill(UNMARKED)
  old?.forEach((mark, row) => {
    if (mark !== UNMARKED) sides[index.get(groups[row] as number) ?? 0] = mark
  })
  const held = (side: number) => sizes.reduce((rows, size, group) => rows + (sides[group] === side ? size : 0), 0)
  const wanted = { test: shares.test * groups.length - held(TEST), validation: shares.validation * groups.length - held(VALIDATION) }
  const isNew = { test: held(TEST) === 0, validation: held(VALIDATION) === 0 }
  const fresh = Uint32Array.from(sides.keys()).filter((group) => sides[group] === UNMARKED)
  const order = shuffledRange({ seed, purpose: 'split' }, fresh.length).map((i) => fresh[i] as number)
  const free = fresh.length - (sides.includes(TRAIN) ? 0 : 1)
  const kept = shares.validation > 0 && isNew.validation && free > 1 ? 1 : 0
  const taken = take(order, sizes, sides, TEST, wanted.test, free - kept, isNew.test)
  take(order, sizes, sides, VALIDATION, wanted.validation, free - taken, isNew.validation)
  return Uint8Array.from(groups, (group) => {
    const side = sides[index.get(group) ?? 0] as number
    return side === UNMARKED ? TRAIN : side
  })
}

/** @param atLeastOne group, even where that is more than wanted @returns how many groups were taken, at most `free` */
function take(
  order: Uint32Array,
  sizes: readonly number[],
  sides: Uint8Array,
  side: number,
  wanted: number,
  free: number,
  atLeastOne: boolean,
): number {
  let rows = 0
  let taken = 0
  for (const group of order) {
    const size = sizes[group] ?? 0
    if (taken >= free || rows >= wanted) break
    if (sides[group] !== UNMARKED || rows + size / 2 > wanted) continue
    sides[group] = side
    rows += size
    taken++
  }
  if (taken > 0 || wanted <= 0 || free <= 0 || !atLeastOne) return taken
  // All groups are larger than twice the share: the smallest is the nearest.
  let smallest = -1
  for (const group of order) {
    if (sides[group] === UNMARKED && (smallest < 0 || (sizes[group] ?? 0) < (sizes[smallest] ?? 0))) smallest = group
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
