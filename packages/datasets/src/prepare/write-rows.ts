// Third pass: every good row goes to the shards of its split, and is described, compared and counted on the way.

import type { ColumnStatistics, DatasetInput, DatasetProfile, Leakage, Normalization } from '@trainyard/contracts'
import type { TensorColumn } from '../formats/row-source.ts'
import { hashBytes, hashWords } from '../hash/murmur.ts'
import { DuplicateIndex } from '../leakage/duplicate-index.ts'
import { NearDuplicates } from '../leakage/near-duplicates.ts'
import { ColumnProfiler } from '../profile/column-profiler.ts'
import { type Assignment, countSplits, SPLIT_NAMES, TRAIN } from '../split/assignment.ts'
import { kindOf, MS_PER_DAY, timeOf } from './cell.ts'
import type { CheckedRows, FeatureColumn } from './check-rows.ts'
import { breathe, type PrepareContext } from './context.ts'
import { type TargetEncoder, targetKey } from './encode-target.ts'
import type { PreparedSplit } from './manifest.ts'
import { elementCount, type ParsedRows } from './parse-rows.ts'
import type { PredictiveSample } from './predictive-sample.ts'
import { newTargets, ShardWriter, type TargetArray } from './shard-writer.ts'
import type { SpoolBlock } from './spool.ts'
import { FeatureStatistics, ImageStatistics } from './statistics.ts'

/** Columns that are described in detail: about 70 kB each. */
const DETAILED_COLUMNS_MAX = 1000
const HISTOGRAM_BINS = 16

export interface WrittenRows {
  readonly input: DatasetInput
  readonly splits: ReadonlyMap<string, PreparedSplit>
  readonly normalization: Normalization
  readonly statistics: ColumnStatistics | null
  readonly columns: DatasetProfile['columns']
  readonly images: DatasetProfile['images']
  readonly targets: DatasetProfile['targets']
  readonly duplicates: Leakage['exact_duplicates']
  readonly conflicts: Leakage['label_conflicts']
  readonly nearDuplicates: Leakage['near_duplicates']
}

export interface WriteRequest {
  readonly parsed: ParsedRows
  readonly checked: CheckedRows
  readonly encoder: TargetEncoder
  readonly assignment: Assignment
  /** The array of each row; null for a table. */
  readonly tensor: TensorColumn | null
  readonly sample: PredictiveSample
  readonly context: PrepareContext
}

export async function writeRows(request: WriteRequest): Promise<WrittenRows> {
  const { parsed, context } = request
  const inputs = isImage(request.tensor) ? new ImageInputs(request, request.tensor) : new FeatureInputs(request)
  const pass = new WritePass(request, inputs)
  for (const block of parsed.spool.blocks()) {
    pass.write(block)
    await breathe(context)
    context.onProgress({ stage: 'write', rows: block.firstRow + block.rows, totalRows: parsed.rows })
  }
  return pass.finish()
}

/** What images and tables differ in. */
interface Inputs {
  readonly input: DatasetInput
  readonly sampleType: 'U8' | 'F32'
  readonly sampleShape: readonly number[]
  /** The samples of a block, by row. */
  samples(block: SpoolBlock): Uint8Array | Float32Array
  /** @param row of the block @param index of the row among all parsed rows */
  look(samples: Uint8Array | Float32Array, row: number, split: number, index: number): void
  hash(samples: Uint8Array | Float32Array, row: number): number
  finish(): Pick<WrittenRows, 'normalization' | 'statistics' | 'columns' | 'images' | 'nearDuplicates'>
}

class WritePass {
  readonly #request: WriteRequest
  readonly #inputs: Inputs
  readonly #writers: readonly (ShardWriter | null)[]
  readonly #classCounts: readonly number[][]
  readonly #duplicates = new DuplicateIndex()
  readonly #targetProfilers: readonly ColumnProfiler[]
  #good = 0

  constructor(request: WriteRequest, inputs: Inputs) {
    const { assignment, encoder, context, checked } = request
    this.#request = request
    this.#inputs = inputs
    this.#writers = countSplits(assignment).map((rows, split) =>
      rows === 0
        ? null
        : new ShardWriter({
            split: SPLIT_NAMES[split] as string,
            rows,
            sampleShape: inputs.sampleShape,
            sampleType: inputs.sampleType,
            target: encoder.layout,
            outDir: context.outDir,
            keyPrefix: context.keyPrefix,
            shardBytesMax: context.limits.shardBytesMax,
          }),
    )
    const { target } = encoder
    const classes = target.kind === 'class' || target.kind === 'multi_label' ? target.classes.length : 0
    this.#classCounts = SPLIT_NAMES.map(() => new Array<number>(classes).fill(0))
    const values = checked.target.kind === 'value' ? checked.target.columns.slice(0, DETAILED_COLUMNS_MAX) : []
    this.#targetProfilers = values.map(
      ({ name, survey }) => new ColumnProfiler({ name, type: 'number', categories: null, min: survey.min, max: survey.max }),
    )
  }

  write(block: SpoolBlock): void {
    const { checked, encoder, assignment, sample } = this.#request
    const inputs = this.#inputs
    const samples = inputs.samples(block)
    const targets = newTargets(encoder.layout.type, block.rows * encoder.layout.size)
    for (let row = 0; row < block.rows; row++) {
      const index = block.firstRow + row
      if (checked.isBad[index] === 1) continue
      const good = this.#good++
      const split = assignment[good] as number
      encoder.encode(block, row, good, targets, row)
      inputs.look(samples, row, split, index)
      this.#duplicates.add(inputs.hash(samples, row), split, targetKey(targets, row, encoder.layout.size), index)
      this.#count(targets, row, split)
      sample.offer(block, row, good, targets)
      this.#writers[split]?.append(samples, targets, row)
    }
  }

  finish(): WrittenRows {
    const { target } = this.#request.encoder
    const hasClasses = target.kind === 'class' || target.kind === 'multi_label'
    const splits = new Map<string, PreparedSplit>()
    this.#writers.forEach((writer, split) => {
      if (writer === null) return
      splits.set(SPLIT_NAMES[split] as string, {
        written: writer.finish(),
        classCounts: hasClasses ? (this.#classCounts[split] ?? null) : null,
      })
    })
    return {
      input: this.#inputs.input,
      splits,
      ...this.#inputs.finish(),
      targets: target.kind === 'value' ? this.#targetProfilers.map((profiler) => profiler.result()) : null,
      duplicates: copyOf(this.#duplicates.duplicates()),
      conflicts: copyOf(target.kind === 'none' ? { inputs: 0, examples: [] } : this.#duplicates.conflicts()),
    }
  }

  #count(targets: TargetArray, row: number, split: number): void {
    const { encoder } = this.#request
    const { size } = encoder.layout
    const counts = this.#classCounts[split] as number[]
    if (encoder.target.kind === 'class') counts[targets[row] as number] = (counts[targets[row] as number] ?? 0) + 1
    else if (encoder.target.kind === 'multi_label') {
      for (let i = 0; i < size; i++) counts[i] = (counts[i] ?? 0) + (targets[row * size + i] as number)
    } else {
      for (let i = 0; i < this.#targetProfilers.length; i++) this.#targetProfilers[i]?.add(targets[row * size + i] as number)
    }
  }
}

class ImageInputs implements Inputs {
  readonly sampleType = 'U8'
  readonly sampleShape: readonly [number, number, number]
  readonly #rowBytes: number
  readonly #statistics: readonly ImageStatistics[]
  readonly #near: NearDuplicates
  #rows = 0

  constructor({ checked }: WriteRequest, { shape }: TensorColumn) {
    const [channels = 1, height = 1, width = 1] = shape
    this.sampleShape = [channels, height, width]
    this.#rowBytes = elementCount(shape)
    this.#statistics = SPLIT_NAMES.map(() => new ImageStatistics(channels, height * width))
    this.#near = new NearDuplicates({ channels, height, width }, checked.rows)
  }

  get input(): DatasetInput {
    return { kind: 'image', shape: [...this.sampleShape], dtype: 'uint8' }
  }

  samples({ arrays }: SpoolBlock): Uint8Array {
    return arrays
  }

  look(samples: Uint8Array, row: number, split: number, index: number): void {
    this.#rows++
    this.#statistics[split]?.add(samples, row)
    this.#near.add(samples, row * this.#rowBytes, split, index)
  }

  hash(samples: Uint8Array, row: number): number {
    return hashBytes(samples, row * this.#rowBytes, (row + 1) * this.#rowBytes)
  }

  finish() {
    const [channels, height, width] = this.sampleShape
    const train = this.#statistics[TRAIN] as ImageStatistics
    const all = new ImageStatistics(channels, height * width)
    for (const statistics of this.#statistics) all.merge(statistics)
    const { mean, std } = all.result()
    const histogram = all.histogram(HISTOGRAM_BINS)
    const images = { channels, height, width, sizes: [{ height, width, count: this.#rows }], mean, std, histogram }
    return { normalization: train.result(), statistics: null, columns: null, images, nearDuplicates: copyOf(this.#near.result()) }
  }
}

class FeatureInputs implements Inputs {
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

export function isImage(tensor: TensorColumn | null): tensor is TensorColumn {
  return tensor?.dtype === 'uint8' && tensor.shape.length === 3
}

/** Results that are read-only, as the contract has them. */
type Mutable<T> = T extends readonly (infer E)[] ? Mutable<E>[] : T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T

function copyOf<T>(value: T): Mutable<T> {
  return structuredClone(value) as Mutable<T>
}
