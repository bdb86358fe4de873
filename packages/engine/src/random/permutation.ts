// Random orders: the shuffle of an epoch and seeded subsets, each a function of its key alone.

import { fillWords, type StreamKey, toUnit } from './stream.ts'

/** Words drawn per refill; two make one 53-bit number. */
const CHUNK = 2048

/**
 * The order of epoch `epoch`: every row 0 … n − 1 exactly once. The same arguments always give the same order.
 * @param seed 0 … 2^32 − 1
 * @param epoch 0-based
 * @throws RangeError when n is no row count
 * @example permutation(7, 0, 60_000) // Uint32Array(60000), about 4 ms
 */
export function permutation(seed: number, epoch: number, n: number): Uint32Array {
  return shuffledRange({ seed, purpose: 'shuffle', a: epoch }, n)
}

/**
 * `k` of the rows 0 … n − 1, without repetition: the first k of a seeded permutation, so that a larger k only adds rows.
 * All rows in a random order when k ≥ n.
 */
export function subset(seed: number, n: number, k: number): Uint32Array {
  return shuffledRange({ seed, purpose: 'subset' }, n).slice(0, Math.max(0, Math.min(k, n)))
}

/** Fisher and Yates' shuffle of 0 … n − 1 (Durstenfeld 1964). */
export function shuffledRange(key: StreamKey, n: number): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n > 0xffff_ffff) throw new RangeError(`n is ${n}; expected a whole number from 0 to 2^32 - 1`)
  const order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  const words = new Uint32Array(CHUNK)
  for (let i = n - 1, used = 0; i > 0; i--, used += 2) {
    if (used % CHUNK === 0) fillWords(key, words, used)
    const j = Math.floor(toUnit(words[used % CHUNK]!, words[(used % CHUNK) + 1]!) * (i + 1))
    const swapped = order[i]!
    order[i] = order[j]!
    order[j] = swapped
  }
  return order
}
