// Images with a class label each: labels are read in a first pass, images stream through in a second.

import type { RowBatch, RowSource, TensorColumn } from '../formats/row-source.ts'
import { CELL } from '../formats/row-source.ts'
import { GrowableInt32 } from '../growable.ts'
import { invalidData, Problems } from '../problems.ts'
import { classIndex, countClasses, orderedClasses } from './classes.ts'
import type { PrepareContext } from './context.ts'
import { describePrepared, type PreparedDataset, type PreparedSplit } from './manifest.ts'
import { ShardWriter } from './shard-writer.ts'
import { testRows } from './split.ts'
import { ImageStatistics } from './statistics.ts'

interface ImageColumns {
  readonly image: number
  readonly shape: readonly [channels: number, height: number, width: number]
  readonly label: number
  /** -1: no column tells the split. */
  readonly split: number
}

interface Survey {
  readonly classes: readonly string[]
  readonly targets: Int32Array
  /** 1 for rows of the test split; null where the split is to be drawn. */
  readonly isTest: Uint8Array | null
}

/** @param name of the upload, for texts */
export async function prepareImages(source: RowSource, name: string, context: PrepareContext): Promise<PreparedDataset> {
  const columns = findColumns(source, name)
  const { classes, targets, isTest: given } = await survey(source, name, columns, context)
  const { test_fraction, seed } = context.options
  const isTest = given ?? testRows(targets, targets.length, classes.length, test_fraction, seed)
  const targetsOf = (mark: 0 | 1) => targets.filter((_, row) => isTest[row] === mark)
  const writerOf = (mark: 0 | 1) =>
    new ShardWriter({
      split: mark === 0 ? 'train' : 'test',
      rows: targetsOf(mark).length,
      sampleShape: columns.shape,
      sampleType: 'U8',
      valueSize: null,
      outDir: context.outDir,
      keyPrefix: context.keyPrefix,
      shardBytesMax: context.limits.shardBytesMax,
    })
  const train = writerOf(0)
  const test = isTest.includes(1) ? writerOf(1) : null
  const statistics = new ImageStatistics(columns.shape[0], columns.shape[1] * columns.shape[2])
  const sampleBytes = columns.shape.reduce((product, size) => product * size, 1)
  let row = 0
  for await (const batch of readAll(source, name, context)) {
    const pixels = pixelsOf(batch, columns)
    for (let i = 0; i < batch.rows; i++, row++) {
      const sample = pixels.subarray(i * sampleBytes, (i + 1) * sampleBytes)
      const writer = test !== null && isTest[row] === 1 ? test : train
      if (writer === train) statistics.add(sample)
      writer.append(sample, targets[row] ?? 0)
    }
    context.onProgress({ rows: row, totalRows: targets.length })
  }
  const splits = new Map<string, PreparedSplit>()
  for (const [split, mark, writer] of [
    ['train', 0, train],
    ['test', 1, test],
  ] as const) {
    if (writer !== null) splits.set(split, { written: writer.finish(), classCounts: countClasses(targetsOf(mark), classes.length) })
  }
  return describePrepared(
    { kind: 'image', shape: [...columns.shape], dtype: 'uint8' },
    { kind: 'class', classes: [...classes] },
    splits,
    statistics.result(),
  )
}

function findColumns({ columns }: RowSource, name: string): ImageColumns {
  const isImage = (column: RowSource['columns'][number]): column is TensorColumn => column.kind === 'tensor' && column.dtype === 'uint8'
  const image = columns.findIndex(isImage)
  const found = columns[image]
  const cells = columns.flatMap((column, i) => (column.kind === 'cells' ? [{ role: column.role, i }] : []))
  const label = cells.find(({ role }) => role === 'target') ?? cells.find(({ role }) => role === null)
  if (found === undefined || !isImage(found) || label === undefined) {
    throw invalidData(name, {
      code: 'not_images',
      what: 'no images with labels were found',
      hint: 'Upload images as uint8 arrays or as picture files, and one label for each.',
    })
  }
  const [channels = 1, height = 1, width = 1] = found.shape
  return { image, shape: [channels, height, width], label: label.i, split: columns.findIndex(({ role }) => role === 'split') }
}

async function survey(source: RowSource, name: string, columns: ImageColumns, context: PrepareContext): Promise<Survey> {
  const labels = new Map<string, number>()
  const ids = new GrowableInt32()
  const isTest = new GrowableInt32()
  for await (const batch of readAll(source, name, context)) {
    const label = batch.columns[columns.label]
    const split = batch.columns[columns.split]
    if (label?.kind !== 'cells') throw new Error('the label column is no column of cells')
    for (let row = 0; row < batch.rows; row++) {
      const text = label.states[row] === CELL.number ? String(label.numbers[row]) : label.text(row)
      const id = labels.get(text) ?? labels.size
      if (id === labels.size) labels.set(text, id)
      ids.push(id)
      if (split?.kind === 'cells') isTest.push(split.text(row) === 'train' ? 0 : 1)
    }
    if (labels.size > context.limits.classesMax) {
      throw invalidData(name, {
        code: 'too_many_classes',
        what: `more than ${context.limits.classesMax} different labels`,
        hint: 'Labels must be classes.',
      })
    }
  }
  const classes = orderedClasses(labels.keys())
  const index = classIndex(classes)
  const order = [...labels.keys()].map((label) => index.get(label) ?? 0)
  return {
    classes,
    targets: ids.values.map((id) => order[id] ?? 0),
    isTest: columns.split < 0 ? null : Uint8Array.from(isTest.values),
  }
}

/** All rows, or the report of those that cannot be read. */
async function* readAll(source: RowSource, name: string, { signal }: PrepareContext): AsyncGenerator<RowBatch> {
  const problems = new Problems(name)
  yield* source.read({ onProblem: (problem) => problems.add(problem), signal })
  problems.throwIfAny()
}

function pixelsOf(batch: RowBatch, { image }: ImageColumns): Uint8Array {
  const values = batch.columns[image]
  if (values?.kind !== 'tensor' || !(values.data instanceof Uint8Array)) throw new Error('the image column is no column of images')
  return values.data
}
