// The area under the ROC curve: the chance that a row of the class scores above one that is not. Exact: it keeps every score.

/** Most scores that are kept: 64 MB. A larger evaluation has no ROC-AUC. */
export const SCORES_MAX = 16_000_000

export class RocAuc {
  readonly #scores: Float32Array
  /** 1 where the row is of the class. */
  readonly #actual: Uint8Array
  readonly #filled: Float64Array

  /** @param rows of the whole evaluation, for each of `classes` */
  constructor(
    readonly rows: number,
    readonly classes: number,
  ) {
    this.#scores = new Float32Array(rows * classes)
    this.#actual = new Uint8Array(rows * classes)
    this.#filled = new Float64Array(classes)
  }

  add(label: number, score: number, isActual: boolean): void {
    const filled = this.#filled[label] ?? 0
    const at = label * this.rows + filled
    this.#scores[at] = score
    this.#actual[at] = isActual ? 1 : 0
    this.#filled[label] = filled + 1
  }

  /** Mean over the classes that have rows of both kinds; NaN where none has. */
  value(): number {
    let sum = 0
    let counted = 0
    for (let label = 0; label < this.classes; label++) {
      const area = this.#areaOf(label)
      if (Number.isNaN(area)) continue
      sum += area
      counted++
    }
    return counted === 0 ? Number.NaN : sum / counted
  }

  /** (pairs in the right order + ½ · ties) / pairs; Hanley and McNeil 1982. */
  #areaOf(label: number): number {
    const from = label * this.rows
    const to = from + (this.#filled[label] ?? 0)
    const positives = this.#sorted(from, to, 1)
    const negatives = this.#sorted(from, to, 0)
    let below = 0
    let upTo = 0
    let wins = 0
    for (const score of positives) {
      while (below < negatives.length && (negatives[below] ?? 0) < score) below++
      if (upTo < below) upTo = below
      while (upTo < negatives.length && (negatives[upTo] ?? 0) <= score) upTo++
      wins += below + 0.5 * (upTo - below)
    }
    return wins / (positives.length * negatives.length)
  }

  #sorted(from: number, to: number, actual: number): Float32Array {
    const chosen = new Float32Array(to - from)
    let length = 0
    for (let i = from; i < to; i++) if (this.#actual[i] === actual) chosen[length++] = this.#scores[i] ?? Number.NaN
    return chosen.subarray(0, length).sort()
  }
}
