// What every way to split produces: for each row, the split that it belongs to.

import type { SplitName } from '@trainyard/contracts'

export const SPLIT_NAMES = ['train', 'validation', 'test'] as const satisfies readonly SplitName[]
/** Marks of rows: indices into SPLIT_NAMES. */
export const TRAIN = 0
export const VALIDATION = 1
export const TEST = 2

/** One mark per row. */
export type Assignment = Uint8Array
/** Mark of a row that has none yet, among rows of a version that is appended to. */
export const UNMARKED = 255

/** Shares of the rows, each 0 … 0.9, together below 1; the rest is for training. */
export interface SplitShares {
  readonly validation: number
  readonly test: number
}

export function countSplits(assignment: Assignment): readonly [train: number, validation: number, test: number] {
  let validation = 0
  let test = 0
  for (const mark of assignment) {
    if (mark === VALIDATION) validation++
    else if (mark === TEST) test++
  }
  return [assignment.length - validation - test, validation, test]
}
