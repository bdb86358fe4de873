// The newest rows are for the test: a model that will predict the future is measured on what came after its training.

import { type Assignment, type SplitShares, TEST, TRAIN, VALIDATION } from './assignment.ts'

/**
 * Every training row is older than every validation row, and that older than every test row: rows of one time are never divided. Shares are met as
 * nearly as that allows.
 * @param times of each row; finite
 * @param old marks that rows have, UNMARKED for new ones: these are divided at the times that divide the old ones
 */
export function splitByTime(times: Float64Array, { test, validation }: SplitShares, old: Uint8Array | null = null): Assignment {
  if (old !== null) {
    const first = (mark: number) =>
      times.reduce((least, time, row) => (old[row] === mark && time < least ? time : least), Number.POSITIVE_INFINITY)
    return divideAt(times, Math.min(first(VALIDATION), first(TEST)), first(TEST))
  }
  const sorted = times.slice().sort()
  const testFrom = boundary(sorted, sorted.length * (1 - test))
  const validationFrom = Math.min(testFrom, boundary(sorted, sorted.length * (1 - test - validation)))
  const at = (place: number) => sorted[place] ?? Number.POSITIVE_INFINITY
  return divideAt(times, at(validationFrom), at(testFrom))
}

function divideAt(times: Float64Array, firstValidation: number, firstTest: number): Assignment {
  return Uint8Array.from(times, (time) => (time >= firstTest ? TEST : time >= firstValidation ? VALIDATION : TRAIN))
}

/** The place nearest to `wanted` at which a new time begins; never 0, so that training has rows. */
function boundary(sorted: Float64Array, wanted: number): number {
  const place = Math.round(wanted)
  if (place >= sorted.length) return sorted.length
  let before = place
  while (before > 0 && sorted[before - 1] === sorted[before]) before--
  let after = place
  while (after < sorted.length && (after === 0 || sorted[after - 1] === sorted[after])) after++
  return before > 0 && wanted - before <= after - wanted ? before : after
}
