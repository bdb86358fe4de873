// Gathers what the metrics of one evaluation need, batch by batch, from predictions and targets.

import { METRIC_ENTRIES, type MetricName, type MetricTarget } from '../spec/metric-config.ts'
import { ClassCounts, type ClassScores } from './class-counts.ts'
import { METRICS } from './metrics.ts'
import { RocAuc, SCORES_MAX } from './roc-auc.ts'
import { ValueErrors } from './value-errors.ts'

export interface MeterOptions {
  readonly target: MetricTarget
  /** Classes, labels or values per row. */
  readonly size: number
  /** Of a hierarchy: for each class the index of its coarse class. */
  readonly coarseOf?: readonly number[] | undefined
  /** Of the whole evaluation. */
  readonly rows: number
  readonly metrics: readonly MetricName[]
  /** Classes that count as found in top_k. Default: 5. */
  readonly topK?: number
}

/** How an evaluation went class by class. */
export interface ClassReport {
  /** In the order of the classes or labels. */
  readonly classes: readonly ClassScores[]
  /** matrix[actual][predicted], in rows; null for labels and for more than 100 classes. */
  readonly confusion: readonly (readonly number[])[] | null
}

export class EvaluationMeter {
  readonly #options: MeterOptions
  readonly #topK: number
  readonly #classes: ClassCounts | null
  readonly #rocAuc: RocAuc | null
  readonly #values: ValueErrors | null
  #correct = 0
  #coarse = 0
  #found = 0

  constructor(options: MeterOptions) {
    const { target, size, rows, metrics, topK = 5 } = options
    const needs = new Set(metrics.map((name) => METRICS[name].needs))
    this.#options = options
    this.#topK = topK
    this.#classes = target === 'value' ? null : new ClassCounts(size, target !== 'labels')
    // Of two classes, the second is the positive one.
    const curves = target !== 'labels' && size === 2 ? 1 : size
    this.#rocAuc = needs.has('rocAuc') && rows * curves <= SCORES_MAX ? new RocAuc(rows, curves) : null
    this.#values = needs.has('values') ? new ValueErrors(size) : null
  }

  /** Row-major probabilities or values, and class indices, labels or values. Rows past `count` are padding. */
  add(predictions: ArrayLike<number>, targets: ArrayLike<number>, count: number): void {
    const { target } = this.#options
    this.#values?.add(predictions, targets, count)
    if (target === 'class' || target === 'hierarchy') this.#addClasses(predictions, targets, count)
    if (target === 'labels') this.#addLabels(predictions, targets, count)
  }

  /** Series name → value; what cannot be computed is left out. */
  results(): Record<string, number> {
    const { rows, metrics } = this.#options
    const gathered = {
      rows,
      correct: this.#correct,
      coarse: this.#coarse,
      topK: this.#found,
      classes: this.#classes,
      rocAuc: this.#rocAuc,
      values: this.#values,
    }
    const results: Record<string, number> = {}
    for (const name of metrics) {
      const value = METRICS[name].value(gathered)
      if (name === 'roc_auc' && Number.isNaN(value)) continue
      results[METRIC_ENTRIES[name].series(this.#topK)] = value
    }
    return results
  }

  /** Null for values. */
  report(): ClassReport | null {
    const classes = this.#classes
    if (classes === null) return null
    return {
      classes: Array.from({ length: classes.classes }, (_, label) => classes.scores(label)),
      confusion: classes.confusionMatrix(),
    }
  }

  #addClasses(predictions: ArrayLike<number>, targets: ArrayLike<number>, count: number): void {
    const { size, metrics, coarseOf } = this.#options
    // One output for two classes is the probability of the second.
    const isOneOutput = size === 2 && predictions.length < 2 * targets.length
    const wantsTopK = metrics.includes('top_k')
    for (let n = 0; n < count; n++) {
      const actual = targets[n] ?? 0
      const predicted = isOneOutput ? (at(predictions, n) > 0.5 ? 1 : 0) : largest(predictions, n * size, size)
      this.#classes?.addRow(actual, predicted)
      if (actual === predicted) this.#correct++
      if (coarseOf !== undefined && coarseOf[actual] === coarseOf[predicted]) this.#coarse++
      if (wantsTopK && (isOneOutput || rankOf(predictions, n * size, size, actual) < this.#topK)) this.#found++
      if (this.#rocAuc === null) continue
      if (size === 2) this.#rocAuc.add(0, at(predictions, isOneOutput ? n : 2 * n + 1), actual === 1)
      else for (let c = 0; c < size; c++) this.#rocAuc.add(c, at(predictions, n * size + c), actual === c)
    }
  }

  #addLabels(predictions: ArrayLike<number>, targets: ArrayLike<number>, count: number): void {
    const { size } = this.#options
    for (let n = 0; n < count; n++) {
      let isRight = true
      for (let k = 0; k < size; k++) {
        const score = at(predictions, n * size + k)
        const actual = at(targets, n * size + k) > 0.5
        if (score > 0.5 !== actual) isRight = false
        this.#classes?.addLabel(k, actual, score > 0.5)
        this.#rocAuc?.add(k, score, actual)
      }
      if (isRight) this.#correct++
    }
  }
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN
}

/** Of equal ones the first. */
function largest(values: ArrayLike<number>, from: number, size: number): number {
  let best = 0
  for (let i = 1; i < size; i++) if (at(values, from + i) > at(values, from + best)) best = i
  return best
}

/** How many stand before it; of equal ones the first stands before the others. */
function rankOf(values: ArrayLike<number>, from: number, size: number, index: number): number {
  const value = at(values, from + index)
  let before = 0
  for (let i = 0; i < size; i++) if (at(values, from + i) > value || (i < index && at(values, from + i) === value)) before++
  return before
}
