// Describes one column of float32 values while they pass by, in memory that does not grow with the rows.

import type { ColumnProfile } from '@trainyard/contracts'
import { toWireDate, toWireFloat32, toWireNumber } from '@trainyard/contracts'
import { type Distribution, QuantileSketch } from '../sketch/quantiles.ts'
import { ValueCounts } from '../sketch/value-counts.ts'

/** Equal ranges from the smallest to the largest value. */
const BINS = 20
const TOP_VALUES = 10
/** Values that stand for a distribution with more: steps of 0.2 %, well below the error of the sketch. */
const SUMMARY_MAX = 512
const RANKS = [0.05, 0.25, 0.5, 0.75, 0.95]

export interface ColumnDescription {
  readonly name: string
  readonly type: ColumnProfile['type']
  /** Of a category: what the values stand for. */
  readonly categories: readonly string[] | null
  /** Known from the pass before; rows that were left out may have gone beyond. */
  readonly min: number
  readonly max: number
}

/** @see profileOf for what is kept of the training split alone */
export class ColumnProfiler {
  readonly #description: ColumnDescription
  readonly #values = new ValueCounts()
  readonly #quantiles = new QuantileSketch()
  readonly #bins = new Float64Array(BINS)
  readonly #categoryCounts: Float64Array | null
  #count = 0
  #missing = 0
  #mean = 0
  #squares = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  constructor(description: ColumnDescription) {
    this.#description = description
    this.#categoryCounts = description.categories === null ? null : new Float64Array(description.categories.length)
  }

  add(value: number): void {
    if (Number.isNaN(value)) {
      this.#missing++
      return
    }
    const n = ++this.#count
    if (this.#categoryCounts !== null) {
      this.#categoryCounts[value] = (this.#categoryCounts[value] as number) + 1
      return
    }
    const before = this.#mean
    this.#mean = before + (value - before) / n
    this.#squares += (value - before) * (value - this.#mean)
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    this.#values.add(value)
    this.#quantiles.add(value)
    const { min, max } = this.#description
    const bin = max > min ? Math.floor(((value - min) / (max - min)) * BINS) : 0
    const place = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin
    this.#bins[place] = (this.#bins[place] as number) + 1
  }

  snapshot() {
    return {
      values: this.#values.snapshot(),
      quantiles: this.#quantiles.snapshot(),
      bins: this.#bins,
      categoryCounts: this.#categoryCounts,
      count: this.#count,
      missing: this.#missing,
      mean: this.#mean,
      squares: this.#squares,
      min: this.#min,
      max: this.#max,
    }
  }

  restore(state: ReturnType<ColumnProfiler['snapshot']>): void {
    this.#values.restore(state.values)
    this.#quantiles.restore(state.quantiles)
    this.#bins.set(state.bins)
    if (state.categoryCounts !== null) this.#categoryCounts?.set(state.categoryCounts)
    this.#count = state.count
    this.#missing = state.missing
    this.#mean = state.mean
    this.#squares = state.squares
    this.#min = state.min
    this.#max = state.max
  }

  /** Of numbers: the median; null without any. */
  get median(): number | null {
    if (this.#count === 0 || this.#categoryCounts !== null) return null
    // Of an even number of values the mean of the two in the middle.
    const [low = Number.NaN, high = Number.NaN] = this.#quantiles.quantiles([0.5, 0.5 + 0.5 / this.#count])
    return (low + high) / 2
  }

  /** Most frequent value; of a category its index. */
  get mode(): number | null {
    if (this.#categoryCounts === null) return this.#values.top(1)[0]?.value ?? null
    if (this.#count === 0) return null
    return this.#categoryCounts.reduce((best, count, i, counts) => (count > (counts[best] as number) ? i : best), 0)
  }

  get categoryCounts(): number[] | null {
    return this.#categoryCounts === null ? null : [...this.#categoryCounts]
  }
  /** Of numbers: exact up to 1,000 different values, else in SUMMARY_MAX values. Of a category: rows by index. */
  get distribution(): Distribution {
    if (this.#categoryCounts === null) return this.#values.distribution ?? this.#quantiles.summary(SUMMARY_MAX)
    const present = [...this.#categoryCounts.keys()].filter((index) => (this.#categoryCounts?.[index] ?? 0) > 0)
    return { values: present, weights: present.map((index) => this.#categoryCounts?.[index] ?? 0) }
  }
  get missing(): number {
    return this.#missing
  }
  get extremes(): { readonly min: number | null; readonly max: number | null } {
    return this.#count === 0 || this.#categoryCounts !== null ? { min: null, max: null } : { min: this.#min, max: this.#max }
  }

  result(): ColumnProfile {
    const { name, type, categories } = this.#description
    const shared = { name, type, count: this.#count, missing: this.#missing }
    const nothing = { min: null, max: null, mean: null, std: null, quantiles: null, histogram: null }
    if (categories !== null && this.#categoryCounts !== null) {
      const counted = [...this.#categoryCounts].map((count, i) => ({ value: categories[i] ?? '', count }))
      const present = counted.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      return { ...shared, ...nothing, distinct: present.length, distinct_exact: true, top_values: present.slice(0, TOP_VALUES) }
    }
    const { count: distinct, exact } = this.#values.distinct
    const shown = type === 'date' ? toWireDate : toWireFloat32
    const top_values = this.#values.top(TOP_VALUES).map(({ value, count }) => ({ value: shown(value), count }))
    if (this.#count === 0) return { ...shared, ...nothing, distinct, distinct_exact: exact, top_values }
    const [p05 = 0, p25 = 0, p50 = 0, p75 = 0, p95 = 0] = this.#quantiles.quantiles(RANKS).map(shown)
    return {
      ...shared,
      distinct,
      distinct_exact: exact,
      min: shown(this.#min),
      max: shown(this.#max),
      mean: type === 'date' ? toWireDate(this.#mean) : toWireNumber(this.#mean),
      std: toWireNumber(Math.sqrt(this.#squares / this.#count)),
      quantiles: { p05, p25, p50, p75, p95 },
      histogram: [...this.#bins],
      top_values,
    }
  }
}
