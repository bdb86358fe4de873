// Rows of numbers as they are written: from cells or arrays to float32, with their statistics and a profile of every column.

import type { DatasetInput } from '@trainyard/contracts'
import type { TensorColumn } from '../formats/row-source.ts'
import { hashWords } from '../hash/murmur.ts'
import { ColumnProfiler } from '../profile/column-profiler.ts'
import { TRAIN } from '../split/assignment.ts'
import { kindOf, MS_PER_DAY, timeOf } from './cell.ts'
import type { FeatureColumn } from './checked-rows.ts'
import { elementCount } from './parse-rows.ts'
import { restoreEach } from './resume/restore-each.ts'
import type { Snapshot } from './resume/snapshot.ts'
import type { RowInputs } from './row-inputs.ts'
import type { SpoolBlock } from './spool.ts'
import { FeatureStatistics } from './statistics.ts'
import type { WriteRequest } from './write-rows.ts'

/** Columns that are described in detail: about 70 kB each. */
export const DETAILED_COLUMNS_MAX = 1000

export class FeatureInputs implements RowInputs {
  readonly sampleType = 'F32'
  readonly sampleShape: readonly [number]
  readonly input: DatasetInput
  readonly #features: readonly FeatureColumn[]
  /** For each feature, label id → category. */
  readonly #places: readonly (Int32Array | null)[]
  readonly #isArray: boolean
  readonly #columns: number
  readonly #statistics: FeatureStatistics
  readonly #all: readonly ColumnProfiler[]
  readonly #train: readonly ColumnProfiler[]
  /** Of the training split, for every column. */
  readonly #min: Float64Array
  readonly #max: Float64Array
  readonly #missing: Float64Array
  #samples: Float32Array = new Float32Array(0)
  #words: Uint32Array = new Uint32Array(0)

  constructor({ checked, tensor }: WriteRequest) {
    this.#features = checked.features
    this.#isArray = tensor !== null
    const descriptions = tensor === null ? describeFeatures(checked.features) : describeArray(tensor)
    this.#places = checked.features.map(({ labels }) => labels?.ordered().place ?? null)
    const columns = descriptions.length
    this.#columns = columns
    this.sampleShape = [columns]
    const categories = descriptions.map((description) => (description.categories === null ? null : [...description.categories]))
    this.input = {
      kind: 'features',
      shape: [columns],
      dtype: 'float32',
      columns: descriptions.map(({ name }) => name),
      ...(categories.some((list) => list !== null) ? { categories } : {}),
    }
    this.#statistics = new FeatureStatistics(columns)
    const detailed = descriptions.slice(0, DETAILED_COLUMNS_MAX)
    this.#all = detailed.map((description) => new ColumnProfiler(description))
    this.#train = detailed.map((description) => new ColumnProfiler(description))
    this.#min = new Float64Array(columns).fill(Number.POSITIVE_INFINITY)
    this.#max = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY)
    this.#missing = new Float64Array(columns)
  }

  samples(block: SpoolBlock): Float32Array {
    if (this.#isArray) {
      const { buffer, byteOffset } = block.arrays
      this.#use(new Float32Array(buffer, byteOffset, block.rows * this.#columns))
      return this.#samples
    }
    const size = block.rows * this.#columns
    if (this.#samples.length < size) this.#use(new Float32Array(size))
    this.#features.forEach((feature, i) => {
      this.#fill(block, feature, this.#places[i] ?? null, i)
    })
    return this.#samples
  }

  look(samples: Float32Array, row: number, split: number): void {
    const at = row * this.#columns
    for (let i = 0; i < this.#all.length; i++) (this.#all[i] as ColumnProfiler).add(samples[at + i] as number)
    if (split !== TRAIN) return
    this.#statistics.add(samples, row)
    for (let i = 0; i < this.#train.length; i++) (this.#train[i] as ColumnProfiler).add(samples[at + i] as number)
    for (let i = 0; i < this.#columns; i++) {
      const value = samples[at + i] as number
      if (Number.isNaN(value)) this.#missing[i] = (this.#missing[i] as number) + 1
      else {
        if (value < (this.#min[i] as number)) this.#min[i] = value
        if (value > (this.#max[i] as number)) this.#max[i] = value
      }
    }
  }

  hash(_samples: Float32Array, row: number): number {
    return hashWords(this.#words, row * this.#columns, (row + 1) * this.#columns)
  }

  snapshot() {
    return {
      statistics: this.#statistics.snapshot(),
      all: this.#all.map((profiler) => profiler.snapshot()),
      train: this.#train.map((profiler) => profiler.snapshot()),
      min: this.#min,
      max: this.#max,
      missing: this.#missing,
    }
  }

  restore(snapshot: Snapshot): void {
    const state = snapshot as ReturnType<FeatureInputs['snapshot']>
    this.#statistics.restore(state.statistics)
    restoreEach(this.#all, state.all)
    restoreEach(this.#train, state.train)
    this.#min.set(state.min)
    this.#max.set(state.max)
    this.#missing.set(state.missing)
  }

  finish() {
    const { mean, std, scale } = this.#statistics.result()
    const isCategory = (i: number) => (this.#places[i] ?? null) !== null
    const known = (values: Float64Array) => Array.from(values, (value) => (Number.isFinite(value) ? value : null))
    const detail = <T>(of: (profiler: ColumnProfiler) => T, without: T) =>
      Array.from({ length: this.#columns }, (_, i) => (this.#train[i] === undefined ? without : of(this.#train[i])))
    return {
      normalization: {
        scale,
        mean: mean.map((value, i) => (isCategory(i) ? 0 : value)),
        std: std.map((value, i) => (isCategory(i) ? 1 : value)),
      },
      statistics: {
        missing: [...this.#missing],
        min: known(this.#min),
        max: known(this.#max),
        median: detail<number | null>(({ median }) => median, null),
        mode: detail<number | null>(({ mode }) => mode, null),
        category_counts: detail<number[] | null>(({ categoryCounts }) => categoryCounts, null),
      },
      columns: this.#all.map((profiler) => profiler.result()),
      distributions: this.#all.map(({ distribution }) => distribution),
      images: null,
      nearDuplicates: null,
    }
  }

  #use(samples: Float32Array): void {
    this.#samples = samples
    this.#words = new Uint32Array(samples.buffer, samples.byteOffset, samples.length)
  }

  #fill({ rows, cells, words, stride }: SpoolBlock, { at, type, labels }: FeatureColumn, place: Int32Array | null, column: number): void {
    const samples = this.#samples
    for (let row = 0, cell = at * stride, to = column; row < rows; row++, cell++, to += this.#columns) {
      let value = Number.NaN
      if (place !== null && labels !== null) {
        const id = labels.add(cells, words, cell)
        if (id >= 0) value = place[id] as number
      } else {
        const kind = kindOf(words, cell)
        // −0 is 0: equal rows are equal bits.
        if (kind === 'number') value = (cells[cell] as number) + 0
        else if (kind === 'date' && type === 'date') value = timeOf(words, cell) / MS_PER_DAY
      }
      samples[to] = value
    }
  }
}

function describeFeatures(features: readonly FeatureColumn[]) {
  return features.map(({ name, type, labels, survey }) => ({
    name,
    type,
    categories: labels === null ? null : labels.ordered().labels,
    min: survey.min,
    max: survey.max,
  }))
}

function describeArray({ name, shape }: TensorColumn) {
  return Array.from({ length: elementCount(shape) }, (_, i) => ({
    name: `${name}_${i}`,
    type: 'number' as const,
    categories: null,
    min: Number.NaN,
    max: Number.NaN,
  }))
}
