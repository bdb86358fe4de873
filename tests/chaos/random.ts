// Choices that follow from one seed.

import { fillUniform } from '@trainyard/engine/random'

const CHUNK = 256

export class Choices {
  readonly #seed: number
  readonly #numbers = new Float64Array(CHUNK)
  #chunk = 0
  #next = CHUNK

  constructor(seed: number) {
    this.#seed = seed
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    if (this.#next === CHUNK) {
      fillUniform({ seed: this.#seed, purpose: 'test', a: this.#chunk++ }, this.#numbers)
      this.#next = 0
    }
    return low + (high - low) * (this.#numbers[this.#next++] ?? 0)
  }

  /** @throws RangeError when there is nothing to choose from */
  oneOf<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.between(0, items.length))]
    if (item === undefined) throw new RangeError('there is nothing to choose from')
    return item
  }

  /** A copy in random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items]
    return items.flatMap(() => {
      const at = Math.floor(this.between(0, rest.length))
      return rest.splice(at, 1)
    })
  }
}
