// One row of a row index as 32-bit words: what it is, what it holds, and where it is. An index is sorted by its words, so that two versions are
// compared by reading both once, side by side.
//
//   identity   words of an entry
//   id         id (2), content (2), place
//   pixels     pixels (2), content (2), place
//   content    content (2), place

import type { RowIdentity } from '@trainyard/contracts'
import { SPLIT_NAMES } from '../split/assignment.ts'

export const ENTRY_WORDS: { readonly [I in RowIdentity]: number } = { id: 5, pixels: 5, content: 3 }

/** Bits of a place that hold the row within its split; above them is the split. */
const ROW_BITS = 30
const ROW_MASK = 2 ** ROW_BITS - 1

/** Where a row is. */
export interface RowPlace {
  readonly split: string
  /** From 0, in its split. */
  readonly row: number
}

export const packPlace = (split: number, row: number): number => ((split << ROW_BITS) | row) >>> 0
export const splitOfPlace = (place: number): number => place >>> ROW_BITS
export const placeOf = (place: number): RowPlace => ({ split: SPLIT_NAMES[splitOfPlace(place)] ?? '', row: place & ROW_MASK })

/** Order of two entries. @param a of the words `left` @param b of the words `right` */
export function compareEntries(left: Uint32Array, a: number, right: Uint32Array, b: number, words: number): number {
  for (let i = 0; i < words; i++) {
    const difference = (left[a + i] as number) - (right[b + i] as number)
    if (difference !== 0) return difference
  }
  return 0
}
