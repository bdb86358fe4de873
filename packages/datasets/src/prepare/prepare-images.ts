// IDX images with IDX labels: labels are read whole (4 bytes per row), images stream through.

import { type IdxFile, idxIntegers, openIdx } from '../formats/idx.ts'
import type { DataSource } from '../formats/source.ts'
import { openSource } from '../formats/source.ts'
import { GrowableInt32 } from '../growable.ts'
import { invalidData } from '../problems.ts'
import { classIndex, countClasses, orderedClasses } from './classes.ts'
import type { PrepareContext } from './context.ts'
import { describePrepared, type PreparedDataset, type PreparedSplit } from './manifest.ts'
import { ShardWriter } from './shard-writer.ts'
import { testRows } from './split.ts'
import { ImageStatistics } from './statistics.ts'

export interface ImageSources {
  readonly images: DataSource
  readonly labels: DataSource
}

type ImageShape = readonly [channels: number, height: number, width: number]

/** @param test absent: the test split is drawn from the training files by `options.test_fraction` */
export async function prepareImages(train: ImageSources, test: ImageSources | null, context: PrepareContext): Promise<PreparedDataset> {
  const trainLabels = await readLabels(train.labels, context)
  const testLabels = test === null ? null : await readLabels(test.labels, context)
  const classes = orderedClasses(new Set([...distinct(trainLabels), ...distinct(testLabels ?? [])].map(String)))
  if (classes.length > context.limits.classesMax) throw tooManyClasses(train.labels, classes.length, context)
  const index = classIndex(classes)
  const trainTargets = trainLabels.map((label) => index.get(String(label)) ?? 0)
  const testTargets = testLabels?.map((label) => index.get(String(label)) ?? 0) ?? null

  const { test_fraction, seed } = context.options
  const isTest = testTargets === null ? testRows(trainTargets, trainTargets.length, classes.length, test_fraction, seed) : null
  const totalRows = trainTargets.length + (testTargets?.length ?? 0)

  const pass = new ImagePass(context, totalRows)
  const targetsOf = (split: 0 | 1) =>
    isTest === null ? (split === 0 ? trainTargets : testTargets) : trainTargets.filter((_, i) => isTest[i] === split)
  const rows = [targetsOf(0)?.length ?? 0, targetsOf(1)?.length ?? 0] as const
  await pass.read(train, trainTargets, (row) => (isTest?.[row] === 1 ? 1 : 0), rows)
  if (test !== null && testTargets !== null) await pass.read(test, testTargets, () => 1, rows)

  const splits = new Map<string, PreparedSplit>()
  for (const [split, name] of [
    [0, 'train'],
    [1, 'test'],
  ] as const) {
    const written = pass.writers[split]?.finish()
    if (written !== undefined) splits.set(name, { written, classCounts: countClasses(targetsOf(split) ?? [], classes.length) })
  }
  const { shape, normalization } = pass.result()
  return describePrepared({ kind: 'image', shape: [...shape], dtype: 'uint8' }, { kind: 'class', classes }, splits, normalization)
}

/** Streams image files into the writers of both splits. */
class ImagePass {
  readonly writers: (ShardWriter | undefined)[] = [undefined, undefined]
  #shape: ImageShape | null = null
  #statistics: ImageStatistics | null = null
  #done = 0

  constructor(
    readonly context: PrepareContext,
    readonly totalRows: number,
  ) {}

  async read({ images, labels }: ImageSources, targets: Int32Array, splitOf: (row: number) => 0 | 1, splitRows: readonly [number, number]) {
    const { file, close } = await openIdxSource(images, this.context)
    try {
      const shape = imageShape(file, images)
      this.#checkAgainst(shape, images)
      if (file.rows !== targets.length) throw unequalRows(images, file.rows, labels, targets.length)
      const statistics = this.#statistics ?? new ImageStatistics(shape[0], shape[1] * shape[2])
      this.#statistics = statistics
      this.#shape = shape
      let row = 0
      for await (const block of file.blocks()) {
        for (let at = 0; at < block.length; at += file.rowBytes, row++) {
          const sample = block.subarray(at, at + file.rowBytes)
          const split = splitOf(row)
          if (split === 0) statistics.add(sample)
          this.#writer(split, shape, splitRows[split]).append(sample, targets[row] ?? 0)
        }
        this.#done += block.length / file.rowBytes
        this.context.onProgress({ rows: this.#done, totalRows: this.totalRows })
      }
    } finally {
      await close()
    }
  }

  result(): { shape: ImageShape; normalization: ReturnType<ImageStatistics['result']> } {
    if (this.#shape === null || this.#statistics === null) throw new Error('no image file was read')
    return { shape: this.#shape, normalization: this.#statistics.result() }
  }

  #writer(split: 0 | 1, shape: ImageShape, rows: number): ShardWriter {
    const { outDir, keyPrefix, limits } = this.context
    this.writers[split] ??= new ShardWriter({
      split: split === 0 ? 'train' : 'test',
      rows,
      sampleShape: shape,
      sampleType: 'U8',
      valueSize: null,
      outDir,
      keyPrefix,
      shardBytesMax: limits.shardBytesMax,
    })
    return this.writers[split]
  }

  #checkAgainst(shape: ImageShape, source: DataSource): void {
    if (this.#shape === null || this.#shape.every((size, i) => size === shape[i])) return
    throw invalidData(source.name, {
      code: 'unequal_shapes',
      what: `test images are ${shape.join('×')} (channels × height × width), training images ${this.#shape.join('×')}`,
      hint: 'Give both splits images of one size.',
    })
  }
}

/** The label file's numbers. */
async function readLabels(source: DataSource, context: PrepareContext): Promise<Int32Array> {
  const { file, close } = await openIdxSource(source, context)
  try {
    const { type } = file
    if (file.rowShape.length !== 0 || type === 'float32' || type === 'float64') {
      throw invalidData(source.name, {
        code: 'not_labels',
        what: `the file holds ${type} with ${file.rowShape.length + 1} dimensions; expected one whole number per image`,
        hint:
          file.rowShape.length === 2
            ? 'Images and labels seem to be swapped: check the names of the parts.'
            : 'Write labels as a one-dimensional IDX file of uint8.',
      })
    }
    const labels = new GrowableInt32()
    for await (const block of file.blocks()) {
      const numbers = idxIntegers(block, type)
      for (let i = 0; i < numbers.length; i++) labels.push(numbers[i] ?? 0)
    }
    return labels.values
  } finally {
    await close()
  }
}

async function openIdxSource(
  source: DataSource,
  { limits, signal }: PrepareContext,
): Promise<{ file: IdxFile; close: () => Promise<void> }> {
  const { format, reader } = await openSource(source, limits, signal)
  if (format !== 'idx') {
    await reader.close()
    throw invalidData(source.name, {
      code: 'not_idx',
      what: `part ${source.role} is text; expected an IDX file (plain or gzip)`,
      hint: 'Upload a CSV file as the only part, named "file".',
    })
  }
  try {
    return { file: await openIdx(reader, source.name, limits), close: () => reader.close() }
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** [n, H, W] is grey, [n, C, H, W] has channels. */
function imageShape({ type, rowShape }: IdxFile, source: DataSource): ImageShape {
  const [a, b, c] = rowShape
  if (type === 'uint8' && a !== undefined && b !== undefined) {
    if (rowShape.length === 2) return [1, a, b]
    if (rowShape.length === 3 && c !== undefined) return [a, b, c]
  }
  throw invalidData(source.name, {
    code: 'not_images',
    what: `the file holds ${type} with ${rowShape.length + 1} dimensions; expected uint8 with 3 (images, height, width) or 4 (images, channels, height, width)`,
    hint:
      rowShape.length === 0
        ? 'Images and labels seem to be swapped: check the names of the parts.'
        : 'Write pixels as bytes from 0 to 255.',
  })
}

function unequalRows(images: DataSource, imageRows: number, labels: DataSource, labelRows: number) {
  return invalidData(images.name, {
    code: 'unequal_rows',
    what: `${imageRows} images, but ${labels.name} has ${labelRows} labels`,
    hint: 'Upload the label file that belongs to these images.',
  })
}

function tooManyClasses(source: DataSource, count: number, { limits }: PrepareContext) {
  return invalidData(source.name, {
    code: 'too_many_classes',
    what: `${count} different labels; expected at most ${limits.classesMax}`,
    hint: 'Labels must be class numbers.',
  })
}

function distinct(labels: Iterable<number>): Set<number> {
  return new Set(labels)
}
