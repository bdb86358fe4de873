// Quantiles of a stream in fixed memory: the sketch of Karnin, Lang and Liberty (FOCS 2016), with the sampler of its section 3 below the levels. Exact
// for up to EXACT_MAX values; beyond that the rank of an answer is off by about 1 % of the rows. Deterministic: the coin of a compaction alternates, and
// which values are drawn depends on how many came before.

import { rehash } from '../hash/murmur.ts'

/** Values kept before anything is thrown away. */
export const EXACT_MAX = 1024
/** Share of the capacity from one level to the one below. */
const SHRINK = 2 / 3
/** Fewer values are not worth the call that sorts them. */
const CAPACITY_MIN = 128
/** With more of them the lowest is given up, and of each 2, 4, 8 … values one is drawn: 65,536 of them and more give a rank to 0.2 %. */
const LEVELS_MAX = 7

/** How often each value occurs, ascending and each once; estimated where a sketch stands for more values than it holds. */
export interface Distribution {
  readonly values: ArrayLike<number>
  readonly weights: ArrayLike<number>
}

interface Level {
  values: Float64Array
  count: number
  /** Values from which on it is compacted: less, the more levels are above it. */
  capacity: number
  /** Which of two neighbours survives the next compaction. */
  offset: 0 | 1
}

export class QuantileSketch {
  #levels: Level[] = [newLevel(EXACT_MAX)]
  #count = 0
  /** log2 of the values that one at the lowest level stands for. */
  #shift = 0
  /** Values until the next one that is drawn, and the place of the last one among its 2^shift. */
  #skip = 0
  #place = 0
  #draws = 0

  add(value: number): void {
    this.#count++
    if (this.#skip > 0) {
      this.#skip--
      return
    }
    if (this.#shift > 0) this.#draw()
    const bottom = this.#levels[0] as Level
    bottom.values[bottom.count++] = value
    if (bottom.count === bottom.capacity) this.#compact()
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
    const levels = this.#levels.map((level) => ({ ...level }))
    return { levels, count: this.#count, shift: this.#shift, skip: this.#skip, place: this.#place, draws: this.#draws }
  }

  restore({ levels, count, shift, skip, place, draws }: ReturnType<QuantileSketch['snapshot']>): void {
    this.#levels = levels.map((level) => ({ ...level }))
    this.#count = count
    this.#shift = shift
    this.#skip = skip
    this.#place = place
    this.#draws = draws
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

  /** Their weights add up to the number of values. */
  #weighted(): { readonly value: number; readonly weight: number }[] {
    const held = this.#levels.reduce((sum, { count }, level) => sum + count * 2 ** level, 0)
    const weighted = this.#levels.flatMap(({ values, count }, level) =>
      Array.from(values.subarray(0, count), (value) => ({ value, weight: (2 ** level * this.#count) / held })),
    )
    return weighted.sort((a, b) => a.value - b.value)
  }

  /** Chooses one of the next 2^shift. Its place changes, so that data with a rhythm are not met at one beat. */
  #draw(): void {
    const width = 2 ** this.#shift
    const before = this.#place
    this.#place = rehash(this.#draws++, this.#shift) & (width - 1)
    this.#skip = width - 1 - before + this.#place
  }

  #compact(): void {
    for (let i = 0; i < this.#levels.length; i++) {
      const level = this.#levels[i] as Level
      if (level.count < level.capacity) continue
      if (i + 1 === this.#levels.length) this.#grow()
      promote(level, this.#levels[i + 1] as Level)
    }
    if (this.#levels.length > LEVELS_MAX) this.#giveUpLowest()
  }

  /** A new level on top; those below get along with less. A level receives up to half of the level below beside its own values. */
  #grow(): void {
    this.#levels.push(newLevel(2 * EXACT_MAX))
    this.#levels.forEach((level, i) => {
      const depth = this.#levels.length - 1 - i
      level.capacity = Math.max(CAPACITY_MIN, Math.ceil((EXACT_MAX * SHRINK ** depth) / 2) * 2)
      const size = Math.max(level.count, level.capacity * 2)
      if (size < level.values.length) level.values = level.values.slice(0, size)
    })
  }

  #giveUpLowest(): void {
    const [lowest, next] = this.#levels as [Level, Level]
    promote(lowest, next)
    this.#levels.shift()
    this.#shift++
    this.#place = 2 ** this.#shift - 1
    this.#draw()
  }
}

/** Every second value goes up, and stands for two. An odd one stays behind. */
function promote(level: Level, above: Level): void {
  const sorted = level.values.subarray(0, level.count).sort()
  const even = level.count & ~1
  for (let j = level.offset; j < even; j += 2) above.values[above.count++] = sorted[j] as number
  level.offset = level.offset === 0 ? 1 : 0
  if (even < level.count) level.values[0] = sorted[even] as number
  level.count -= even
}

function newLevel(size: number): Level {
  return { values: new Float64Array(size), count: 0, capacity: EXACT_MAX, offset: 0 }
}
