// Different values of a column with their counts: exact while there are few, then an estimate of how many there are. Counts stay exact for the
// values that came first.

import { hashWords } from '../hash/murmur.ts'
import { HyperLogLog } from './hyper-log-log.ts'
import type { Distribution } from './quantiles.ts'

/** Different values that are counted exactly. */
export const COUNTED_MAX = 1000
/** A power of two. */
const SLOTS = 2048

export class ValueCounts {
  readonly #keys = new Float64Array(SLOTS)
  readonly #counts = new Uint32Array(SLOTS)
  readonly #number = new Float64Array(1)
  readonly #words = new Uint32Array(this.#number.buffer)
  #used = 0
  #estimator: HyperLogLog | null = null

  /** @param value not NaN; −0 is 0 */
  add(value: number): void {
    this.#number[0] = value + 0
    const hash = hashWords(this.#words, 0, 2)
    // The lower bits: a remainder of numbers beyond 32 bits takes many times as long.
    let slot = hash & (SLOTS - 1)
    while ((this.#counts[slot] as number) > 0) {
      if (this.#keys[slot] === value) {
        this.#counts[slot] = (this.#counts[slot] as number) + 1
        return
      }
      slot = (slot + 1) & (SLOTS - 1)
    }
    if (this.#used < COUNTED_MAX) {
      this.#keys[slot] = value
      this.#counts[slot] = 1
      this.#used++
      return
    }
    if (this.#estimator === null) this.#estimator = this.#startEstimating()
    this.#estimator.add(hash)
  }

  snapshot() {
    return { keys: this.#keys, counts: this.#counts, used: this.#used, estimator: this.#estimator?.snapshot() ?? null }
  }

  restore({ keys, counts, used, estimator }: ReturnType<ValueCounts['snapshot']>): void {
    this.#keys.set(keys)
    this.#counts.set(counts)
    this.#used = used
    this.#estimator = estimator && new HyperLogLog()
    if (estimator !== null) this.#estimator?.restore(estimator)
  }

  get distinct(): { readonly count: number; readonly exact: boolean } {
    if (this.#estimator === null) return { count: this.#used, exact: true }
    return { count: Math.max(this.#used + 1, this.#estimator.estimate()), exact: false }
  }

  /** Most frequent first; equal counts by value. */
  top(count: number): { readonly value: number; readonly count: number }[] {
    const entries = Array.from(this.#counts, (n, slot) => ({ value: this.#keys[slot] as number, count: n })).filter(
      (entry) => entry.count > 0,
    )
    entries.sort((a, b) => b.count - a.count || a.value - b.value)
    return entries.slice(0, count)
  }

  /** Every value, ascending; null where there were more than are counted. */
  get distribution(): Distribution | null {
    if (this.#estimator !== null) return null
    const entries = this.top(COUNTED_MAX).sort((a, b) => a.value - b.value)
    return { values: entries.map(({ value }) => value), weights: entries.map(({ count }) => count) }
  }

  #startEstimating(): HyperLogLog {
    const estimator = new HyperLogLog()
    for (let slot = 0; slot < SLOTS; slot++) {
      if ((this.#counts[slot] as number) === 0) continue
      this.#number[0] = (this.#keys[slot] as number) + 0
      estimator.add(hashWords(this.#words, 0, 2))
    }
    return estimator
  }
}
