// Counts of right and wrong decisions per class or label: what accuracy, precision, recall and F1 are made of. Memory is a few numbers per
// class, and the confusion matrix for up to CONFUSION_CLASSES_MAX classes.

/** Classes up to which the confusion matrix is kept: 10,000 counts. */
export const CONFUSION_CLASSES_MAX = 100

export interface ClassScores {
  /** Rows of the class. */
  readonly support: number
  /** Of the rows predicted as this class, the share that is of it; 0 where none was predicted. */
  readonly precision: number
  /** Of the rows of the class, the share that was found; 0 where there are none. */
  readonly recall: number
  /** 2 · precision · recall / (precision + recall); 0 where both are 0. */
  readonly f1: number
}

export class ClassCounts {
  readonly #truePositives: Float64Array
  readonly #predicted: Float64Array
  readonly #support: Float64Array
  /** Row-major, rows are true classes. */
  readonly #confusion: Float64Array | null

  constructor(
    readonly classes: number,
    keepConfusion: boolean,
  ) {
    this.#truePositives = new Float64Array(classes)
    this.#predicted = new Float64Array(classes)
    this.#support = new Float64Array(classes)
    this.#confusion = keepConfusion && classes <= CONFUSION_CLASSES_MAX ? new Float64Array(classes * classes) : null
  }

  /** One row of one class, of which one was predicted. */
  addRow(actual: number, predicted: number): void {
    this.addLabel(actual, true, actual === predicted)
    if (actual !== predicted) this.addLabel(predicted, false, true)
    const at = actual * this.classes + predicted
    if (this.#confusion !== null) this.#confusion[at] = (this.#confusion[at] ?? 0) + 1
  }

  /** One label of one row, by itself. */
  addLabel(label: number, actual: boolean, predicted: boolean): void {
    if (actual) increment(this.#support, label)
    if (predicted) increment(this.#predicted, label)
    if (actual && predicted) increment(this.#truePositives, label)
  }

  /** Labels that were given where they do not apply, or not where they do. */
  get wrongLabels(): number {
    return total(this.#predicted) + total(this.#support) - 2 * total(this.#truePositives)
  }

  scores(label: number): ClassScores {
    return scoresOf(this.#truePositives[label] ?? 0, this.#support[label] ?? 0, this.#predicted[label] ?? 0)
  }

  /** Of all decisions together: a frequent label counts more than a rare one. */
  micro(): ClassScores {
    return scoresOf(total(this.#truePositives), total(this.#support), total(this.#predicted))
  }

  /** Mean over all classes, each counting the same. */
  macro(score: 'precision' | 'recall' | 'f1'): number {
    let sum = 0
    for (let label = 0; label < this.classes; label++) sum += this.scores(label)[score]
    return sum / this.classes
  }

  /** matrix[actual][predicted]; null where there are too many classes. */
  confusionMatrix(): readonly (readonly number[])[] | null {
    const { classes } = this
    const confusion = this.#confusion
    if (confusion === null) return null
    return Array.from({ length: classes }, (_, actual) => [...confusion.subarray(actual * classes, (actual + 1) * classes)])
  }
}

function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1
}

function scoresOf(hits: number, support: number, predicted: number): ClassScores {
  return { support, precision: share(hits, predicted), recall: share(hits, support), f1: share(2 * hits, support + predicted) }
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
