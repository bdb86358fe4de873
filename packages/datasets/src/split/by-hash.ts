// A row's own content decides: it stays on its side whatever rows are appended, removed or reordered, and equal rows share a side.

import { rehash } from '../hash/murmur.ts'
import { type Assignment, type SplitShares, TEST, TRAIN, VALIDATION } from './assignment.ts'

const SCALE = 2 ** 53

/** @param hashes of each row's key */
export function splitByHash(hashes: Float64Array, { test, validation }: SplitShares, seed: number): Assignment {
  return Uint8Array.from(hashes, (hash) => {
    const place = rehash(hash, seed) / SCALE
    return place < test ? TEST : place < test + validation ? VALIDATION : TRAIN
  })
}
