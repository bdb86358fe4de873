// A zip or tar of pictures as a row source: labels from folders or from a list, pixels decoded batch by batch.

import type { ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../../limits.ts'
import { invalidData, type Problem } from '../../problems.ts'
import { type Archive, type ArchiveEntry, type ArchiveReader, isLitter } from '../archive/archive.ts'
import { openTar } from '../archive/tar.ts'
import { openZip } from '../archive/zip.ts'
import { refuseExecutable } from '../detect-format.ts'
import type { CellValues, ColumnRole, ReadRequest, RowBatch, RowSource, SourceColumn } from '../row-source.ts'
import { sniffFormat } from '../sniff.ts'
import type { DataSource } from '../source.ts'
import { nameCells, textCells } from '../text-cells.ts'
import { placeInClassFolders } from './class-folders.ts'
import { decodeImage, type ImageRefusal, type ImageShape } from './decode-image.ts'
import { findImageList, readImageList } from './image-list.ts'
import { findImageShape, type PackedImage } from './image-shape.ts'
import { readEntry } from './read-entry.ts'

/** Files with these names are pictures, or meant to be; what they are is decided by their content. */
const IMAGE_NAME = /\.(png|jpe?g|jfif|webp|gif|bmp|tiff?|svg|heic|avif)$/i
/** Pixels of a batch. */
const BATCH_BYTES = 1 << 20
/** Images that are decoded at once: enough for the threads of libuv, few enough to stay small in memory. */
const CONCURRENCY = 16

interface LabelColumn {
  readonly name: string
  readonly role: ColumnRole | null
  readonly texts: readonly string[]
  /** Whether 007 is a name or a number. */
  readonly toCells: (texts: readonly string[]) => CellValues
}

interface ImageRows {
  readonly images: readonly ArchiveEntry[]
  readonly columns: readonly LabelColumn[]
  /** Of the archive as a whole, told with every reading. */
  readonly problems: readonly Problem[]
}

export async function openImageZip(
  source: DataSource,
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<RowSource> {
  return await openImageArchive(await openZip(source, limits, signal), source.name, options, limits, signal)
}

export async function openImageTar(
  source: DataSource,
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<RowSource> {
  return await openImageArchive(await openTar(source, limits, signal), source.name, options, limits, signal)
}

/** @throws TrainyardError `invalid_data`, or `executable_format` when there is such a file among the others */
async function openImageArchive(
  archive: Archive,
  file: string,
  options: ReadOptions,
  limits: PrepareLimits,
  signal: AbortSignal | undefined,
): Promise<RowSource> {
  const entries = archive.entries.filter(({ path }) => !isLitter(path))
  const images = entries.filter(({ path }) => IMAGE_NAME.test(path))
  if (images.length === 0) {
    throw invalidData(file, {
      code: 'no_images',
      what: `none of the ${entries.length} files in the archive is named like an image (.png, .jpg, .webp)`,
      hint: 'Pack images into folders named after their classes. Upload tables by themselves, not in an archive.',
    })
  }
  const reader = await archive.open(signal)
  try {
    await refuseExecutableEntries(entries, file, reader)
    const list = findImageList(entries, options, file)
    const rows = list === null ? fromFolders(images, options) : await fromList(list, images, reader, options, limits)
    if (rows.images.length === 0) throw noLabels(file, rows.problems)
    const shape = await findImageShape(packedImages(rows.images, reader, limits), options, limits, file)
    return imageRows(archive, file, rows, shape, limits)
  } finally {
    await reader.close()
  }
}

async function* packedImages(images: readonly ArchiveEntry[], reader: ArchiveReader, limits: PrepareLimits): AsyncGenerator<PackedImage> {
  for (const entry of images) yield { name: entry.path, bytes: await readEntry(entry, reader, limits) }
}

/** Files beside the images are not used, but looked at: an upload is no way to pass on what runs code. */
async function refuseExecutableEntries(entries: readonly ArchiveEntry[], file: string, reader: ArchiveReader): Promise<void> {
  for (const entry of entries) {
    if (IMAGE_NAME.test(entry.path) || entry.size === 0) continue
    for await (const first of reader.stream(entry)) {
      refuseExecutable(`${file}: ${entry.path}`, sniffFormat(first))
      break
    }
  }
}

function fromFolders(entries: readonly ArchiveEntry[], { class_levels: levels }: ReadOptions): ImageRows {
  const { images, withoutClass } = placeInClassFolders(entries, levels)
  const columns: LabelColumn[] = [{ name: 'label', role: 'target', texts: images.map(({ label }) => label), toCells: nameCells }]
  if (levels === 2) columns.push({ name: 'coarse_label', role: 'coarse', texts: images.map(({ coarse }) => coarse), toCells: nameCells })
  if (images.some(({ split }) => split !== '')) {
    columns.push({ name: 'split', role: 'split', texts: images.map(({ split }) => split), toCells: nameCells })
  }
  const places = new Map(entries.map(({ path }, i) => [path, i]))
  const problems = withoutClass.map(({ path }) => ({
    code: 'no_class_folder',
    what: 'images outside of class folders',
    row: (places.get(path) ?? 0) + 1,
    example: path,
    hint: 'Put every image into a folder named after its class, or add a list (CSV with the columns file_name and label).',
  }))
  return { images: images.map(({ entry }) => entry), columns, problems }
}

async function fromList(
  list: ArchiveEntry,
  entries: readonly ArchiveEntry[],
  reader: ArchiveReader,
  options: ReadOptions,
  limits: PrepareLimits,
): Promise<ImageRows> {
  const { images, columns, problems } = await readImageList(list, entries, reader, options, limits)
  return { images, columns: columns.map((column) => ({ ...column, toCells: textCells })), problems }
}

function imageRows(archive: Archive, file: string, rows: ImageRows, shape: ImageShape, limits: PrepareLimits): RowSource {
  const imageBytes = shape.channels * shape.height * shape.width
  const rowsPerBatch = Math.max(1, Math.floor(BATCH_BYTES / imageBytes))
  const columns: SourceColumn[] = [
    { kind: 'tensor', name: 'image', role: 'input', dtype: 'uint8', shape: [shape.channels, shape.height, shape.width] },
    ...rows.columns.map(({ name, role }) => ({ kind: 'cells' as const, name, role })),
    { kind: 'cells', name: 'file', role: 'id' },
  ]
  return {
    columns,
    rowCount: rows.images.length,
    async *read({ onProblem, from, signal }: ReadRequest): AsyncGenerator<RowBatch> {
      const start = from?.[0] ?? 0
      if (start === 0) for (const problem of rows.problems) onProblem(problem)
      const reader = await archive.open(signal)
      try {
        const data = new Uint8Array(imageBytes * Math.min(rowsPerBatch, rows.images.length))
        for (let at = start; at < rows.images.length; at += rowsPerBatch) {
          const end = Math.min(at + rowsPerBatch, rows.images.length)
          const good: number[] = []
          for (let first = at; first < end; first += CONCURRENCY) {
            const numbers = Array.from({ length: Math.min(CONCURRENCY, end - first) }, (_, i) => first + i)
            const decoded = await Promise.all(numbers.map((i) => readImage(rows.images[i] as ArchiveEntry, reader, shape, limits, file)))
            for (const [k, result] of decoded.entries()) {
              const number = numbers[k] as number
              const { path } = rows.images[number] as ArchiveEntry
              if (result instanceof Uint8Array) {
                data.set(result, good.length * imageBytes)
                good.push(number)
              } else onProblem({ ...result, example: `${path}: ${result.example}`, row: number + 1, raw: path })
            }
          }
          if (good.length === 0) continue
          const cells = rows.columns.map(({ texts, toCells }) => toCells(good.map((number) => texts[number] ?? '')))
          const files = nameCells(good.map((number) => (rows.images[number] as ArchiveEntry).path))
          yield {
            rows: good.length,
            file,
            columns: [{ kind: 'tensor', data: data.subarray(0, good.length * imageBytes) }, ...cells, files],
            rowNumber: (row) => (good[row] as number) + 1,
            next: [end],
          }
        }
      } finally {
        await reader.close()
      }
    },
  }
}

/** @throws TrainyardError `executable_format` */
async function readImage(
  entry: ArchiveEntry,
  reader: ArchiveReader,
  shape: ImageShape,
  limits: PrepareLimits,
  file: string,
): Promise<Uint8Array | ImageRefusal> {
  const bytes = await readEntry(entry, reader, limits)
  if (!(bytes instanceof Uint8Array)) return bytes
  const result = await decodeImage(bytes, shape, limits)
  if (!(result instanceof Uint8Array) && result.code === 'unsupported_image') refuseExecutable(`${file}: ${entry.path}`, sniffFormat(bytes))
  return result
}

function noLabels(file: string, problems: readonly Problem[]) {
  const [first] = problems
  return invalidData(
    file,
    first ?? { code: 'no_images', what: 'the list names no image', hint: 'Give the list one row per image, with its path and label.' },
  )
}
