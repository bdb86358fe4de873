// The random numbers of an augmentation: a pure function of (seed, epoch, row, place in the list), so that neither thread, batch nor resume
// matters.

import { fillWords } from '@trainyard/engine/random'

/** Words that belong to one place of the list: 2^32 blocks of 4. */
const PLACE_WORDS = 2 ** 34
const BLOCK = 4

export class Draws {
  readonly #key: { readonly seed: number; readonly purpose: 'augment'; a: number; b: number }
  readonly #block = new Uint32Array(BLOCK)
  #used = BLOCK
  /** Word of the stream that is filled in next. */
  #next = 0

  constructor(seed: number) {
    this.#key = { seed, purpose: 'augment', a: 0, b: 0 }
  }

  /** From now on the numbers of this sample. */
  sample(epoch: number, row: number): void {
    this.#key.a = epoch
    this.#key.b = row
  }

  /** From now on the numbers of this place in the list, from its first. */
  place(place: number): void {
    this.#next = place * PLACE_WORDS
    this.#used = BLOCK
  }

  /** Uniform in [0, 1), 32 bits. */
  uniform(): number {
    if (this.#used === BLOCK) {
      this.fill(this.#block)
      this.#used = 0
    }
    return (this.#block[this.#used++] as number) / 0x1_0000_0000
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  /** 0 … n − 1. */
  below(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  /** Whole blocks of words at once. @param into its length is a multiple of 4 */
  fill(into: Uint32Array): void {
    fillWords(this.#key, into, this.#next)
    this.#next += into.length
  }
}
