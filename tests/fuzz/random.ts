// Choices that follow from (seed, parser, number of the input), so that any one input can be made again without those before it.

export class Choices {
  #state: number

  constructor(seed: number, name: string, index: number) {
    let hash = 0x811c9dc5
    for (const letter of `${seed} ${name} ${index}`) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
    this.#state = hash >>> 0
  }

  /** Uniform in 0 … 2^32 − 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** 0 … n − 1; 0 for n = 0. */
  below(n: number): number {
    return n <= 1 ? 0 : this.next() % n
  }

  of<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)]
    if (chosen === undefined) throw new Error('nothing to choose from')
    return chosen
  }
}
