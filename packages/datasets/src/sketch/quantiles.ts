// Quantiles of a stream in fixed memory: the sketch of Karnin, Lang and Liberty (FOCS 2016). Exact for up to EXACT_MAX values; beyond that the
// rank of an answer is off by about 1 % of the rows. Deterministic: the coin of a compaction alternates.

/** Values kept before anything is thrown away. */
export const EXACT_MAX = 1024
/** Share of the capacity from one level to the one below. */
const SHRINK = 2 / 3
const CAPACITY_MIN = 8

/** How often each value occurs, ascending and each once; estimated where a sketch stands for more values than it holds. */
export interface Distribution {
  readonly values: ArrayLike<number>
  readonly weights: ArrayLike<number>
}

interface Level {
  values: Float64Array
  count: number
  /** Which of two neighbours survives the next compaction. */
  offset: 0 | 1
}

export class QuantileSketch {
  #levels: Level[] = [newLevel(EXACT_MAX)]
  /** Of the lowest level, which changes with the number of levels. */
  #capacity0 = EXACT_MAX

  add(value: number): void {
    const bottom = this.#levels[0] as Level
    bottom.values[bottom.count++] = value
    if (bottom.count === this.#capacity0) this.#compact()
  }

  /**
   * Values at these ranks, 0 (smallest) … 1 (largest); NaN when nothing was added.
   * @param ranks ascending
   */
  quantiles(ranks: readonly number[]): number[] {
    const weighted = this.#weighted()
    const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
    let at = 0
    let seen = 0
    return ranks.map((rank) => {
      while (at < weighted.length - 1 && seen + (weighted[at]?.weight ?? 0) < rank * total) seen += weighted[at++]?.weight ?? 0
      return weighted[at]?.value ?? Number.NaN
    })
  }

  snapshot() {
    return this.#levels.map(({ values, count, offset }) => ({ values, count, offset }))
  }

  restore(levels: ReturnType<QuantileSketch['snapshot']>): void {
    this.#levels = levels.map((level) => ({ ...level }))
    this.#capacity0 = this.#capacity(0)
  }

  /**
   * The sketch in at most so many values, ascending, each with how many it stands for.
   * @param max beyond it, neighbours are joined: each gap is at most the total / max
   */
  summary(max: number): Distribution {
    const weighted = this.#weighted()
    const step = weighted.reduce((sum, { weight }) => sum + weight, 0) / max
    const values: number[] = []
    const weights: number[] = []
    let pending = 0
    for (const [i, { value, weight }] of weighted.entries()) {
      pending += weight
      if (weighted.length > max && pending < step && i < weighted.length - 1) continue
      values.push(value)
      weights.push(pending)
      pending = 0
    }
    return { values, weights }
  }

  #weighted(): { readonly value: number; readonly weight: number }[] {
    const weighted = this.#levels.flatMap(({ values, count }, level) =>
      Array.from(values.subarray(0, count), (value) => ({ value, weight: 2 ** level })),
    )
    return weighted.sort((a, b) => a.value - b.value)
  }

  #capacity(level: number): number {
    const depth = this.#levels.length - 1 - level
    return Math.max(CAPACITY_MIN, Math.ceil((EXACT_MAX * SHRINK ** depth) / 2) * 2)
  }

  /** A new level on top; those below get along with less. A level receives up to half of the level below beside its own values. */
  #grow(): void {
    this.#levels.push(newLevel(2 * EXACT_MAX))
    this.#capacity0 = this.#capacity(0)
    this.#levels.forEach((level, i) => {
      const size = Math.max(level.count, this.#capacity(i) * 2)
      if (size < level.values.length) level.values = level.values.slice(0, size)
    })
  }

  #compact(): void {
    for (let i = 0; i < this.#levels.length; i++) {
      const level = this.#levels[i] as Level
      if (level.count < this.#capacity(i)) continue
      if (i + 1 === this.#levels.length) this.#grow()
      const above = this.#levels[i + 1] as Level
      const sorted = level.values.subarray(0, level.count).sort()
      // An odd one stays behind.
      const even = level.count & ~1
      for (let j = level.offset; j < even; j += 2) above.values[above.count++] = sorted[j] as number
      level.offset = level.offset === 0 ? 1 : 0
      if (even < level.count) level.values[0] = sorted[even] as number
      level.count -= even
    }
  }
}

function newLevel(size: number): Level {
  return { values: new Float64Array(size), count: 0, offset: 0 }
}
