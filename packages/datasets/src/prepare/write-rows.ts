// Third pass: every good row goes to the shards of its split, and is described, compared and counted on the way.

import type { ColumnStatistics, DatasetInput, DatasetProfile, Leakage, Normalization } from '@trainyard/contracts'
import type { TensorColumn } from '../formats/row-source.ts'
import { DuplicateIndex } from '../leakage/duplicate-index.ts'
import { ColumnProfiler } from '../profile/column-profiler.ts'
import { type IdColumn, RowDigests } from '../row-index/row-digests.ts'
import { RowIndexWriter, type WrittenIndex } from '../row-index/row-index-writer.ts'
import { type Assignment, countSplits, SPLIT_NAMES } from '../split/assignment.ts'
import type { CheckedRows } from './checked-rows.ts'
import { breathe, type PrepareContext } from './context.ts'
import { type TargetEncoder, targetKey } from './encode-target.ts'
import { DETAILED_COLUMNS_MAX, FeatureInputs } from './feature-inputs.ts'
import { ImageInputs, isImage } from './image-inputs.ts'
import type { PreparedSplit } from './manifest.ts'
import type { ParsedRows } from './parse-rows.ts'
import type { PredictiveSample } from './predictive-sample.ts'
import type { KeptFile, StageCapture } from './resume/progress-keeper.ts'
import { restoreEach } from './resume/restore-each.ts'
import type { Snapshot } from './resume/snapshot.ts'
import type { RowInputs } from './row-inputs.ts'
import { newTargets, ShardWriter, type TargetArray } from './shard-writer.ts'
import type { SpoolBlock } from './spool.ts'
import { copyOf } from './writable-copy.ts'

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
  readonly index: WrittenIndex
}

export interface WriteRequest {
  readonly parsed: ParsedRows
  readonly checked: CheckedRows
  readonly encoder: TargetEncoder
  readonly assignment: Assignment
  /** The array of each row; null for a table. */
  readonly tensor: TensorColumn | null
  /** The column that names rows, where the options name one. */
  readonly id: IdColumn | null
  readonly sample: PredictiveSample
  readonly context: PrepareContext
  /** What the stages before have done. */
  readonly captured: StageCapture
}

export async function writeRows(request: WriteRequest): Promise<WrittenRows> {
  const { parsed, context, captured } = request
  const inputs = isImage(request.tensor) ? new ImageInputs(request, request.tensor) : new FeatureInputs(request)
  const pass = new WritePass(request, inputs)
  const { keeper } = context
  const restored = keeper?.restored?.stages.write
  const capture = (): StageCapture => ({
    stages: { ...captured.stages, write: pass.snapshot() },
    files: [...captured.files, ...pass.files],
  })
  try {
    if (keeper && restored !== undefined) pass.restore(restored, keeper.pathOf)
    for (const block of parsed.spool.blocks(pass.seen)) {
      pass.write(block)
      await breathe(context, capture)
      context.onProgress({ stage: 'write', rows: pass.seen, totalRows: parsed.rows })
    }
    return pass.finish()
  } finally {
    // Whoever keeps the progress may still be reading the files.
    if (keeper === null) pass.removeTemporary()
  }
}

class WritePass {
  readonly #request: WriteRequest
  readonly #inputs: RowInputs
  readonly #writers: readonly (ShardWriter | null)[]
  readonly #classCounts: readonly number[][]
  readonly #duplicates = new DuplicateIndex()
  readonly #targetProfilers: readonly ColumnProfiler[]
  readonly #index: RowIndexWriter
  /** Parsed rows that were looked at. */
  seen = 0
  #good = 0

  constructor(request: WriteRequest, inputs: RowInputs) {
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
    this.#index = new RowIndexWriter({
      digests: new RowDigests(inputs.input, target, encoder.layout.size, request.id),
      rows: checked.rows,
      parsedRows: request.parsed.rows,
      outDir: context.outDir,
      keyPrefix: context.keyPrefix,
      fileBytesMax: context.limits.shardBytesMax,
    })
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
      this.#index.add({ block, row, samples, targets }, split, index)
      this.#writers[split]?.append(samples, targets, row)
    }
    this.seen = block.firstRow + block.rows
  }

  /** Shards and sorted digests that are complete. */
  get files(): readonly KeptFile[] {
    return [...this.#writers.flatMap((writer) => writer?.keptFiles ?? []), ...this.#index.keptFiles]
  }

  snapshot() {
    return {
      seen: this.seen,
      good: this.#good,
      classCounts: this.#classCounts,
      duplicates: this.#duplicates.snapshot(),
      targets: this.#targetProfilers.map((profiler) => profiler.snapshot()),
      sample: this.#request.sample.snapshot(),
      inputs: this.#inputs.snapshot(),
      index: this.#index.snapshot(),
      writers: this.#writers.map((writer) => writer?.snapshot() ?? null),
    }
  }

  restore(snapshot: Snapshot, pathOf: (name: string) => string): void {
    const state = snapshot as ReturnType<WritePass['snapshot']>
    this.seen = state.seen
    this.#good = state.good
    state.classCounts.forEach((counts, split) => {
      this.#classCounts[split]?.splice(0, counts.length, ...counts)
    })
    this.#duplicates.restore(state.duplicates)
    restoreEach(this.#targetProfilers, state.targets)
    this.#request.sample.restore(state.sample)
    this.#inputs.restore(state.inputs)
    this.#index.restore(state.index, pathOf)
    this.#writers.forEach((writer, split) => {
      const written = state.writers[split] ?? null
      if (written !== null) writer?.restore(written, pathOf)
    })
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
    const { distributions, ...described } = this.#inputs.finish()
    const types = this.#request.checked.features.map(({ type }) => type)
    return {
      input: this.#inputs.input,
      splits,
      ...described,
      index: this.#index.finish(types, [...distributions, ...this.#targetProfilers.map(({ distribution }) => distribution)]),
      targets: target.kind === 'value' ? this.#targetProfilers.map((profiler) => profiler.result()) : null,
      duplicates: copyOf(this.#duplicates.duplicates()),
      conflicts: copyOf(target.kind === 'none' ? { inputs: 0, examples: [] } : this.#duplicates.conflicts()),
    }
  }

  removeTemporary(): void {
    this.#index.removeTemporary()
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
