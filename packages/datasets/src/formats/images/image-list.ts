// A CSV or JSONL file inside an archive that has one row per image: its path, label and whatever else.

import type { ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../../limits.ts'
import { invalidData, type Problem } from '../../problems.ts'
import type { ArchiveEntry, ArchiveReader } from '../archive/archive.ts'
import { openCsv } from '../csv/csv-rows.ts'
import { listed } from '../csv/dialect.ts'
import { openJsonl } from '../jsonl.ts'
import type { ColumnRole } from '../row-source.ts'
import { sniffFormat } from '../sniff.ts'
import { bytesSource } from '../source.ts'

/** Names of a column of paths; the first is that of Hugging Face's ImageFolder. */
const PATH_COLUMNS = ['file_name', 'filename', 'file', 'path', 'filepath', 'file_path', 'image', 'image_path']
const ROLES: ReadonlyMap<string, ColumnRole> = new Map([
  ['label', 'target'],
  ['class', 'target'],
  ['target', 'target'],
  ['coarse_label', 'coarse'],
  ['coarse_class', 'coarse'],
  ['group', 'group'],
  ['split', 'split'],
])
const LIST_NAME = /\.(csv|tsv|jsonl|ndjson)$/i

export interface ListColumn {
  readonly name: string
  readonly role: ColumnRole | null
  /** Per image. */
  readonly texts: readonly string[]
}

export interface ImageList {
  /** In the order of the list. */
  readonly images: readonly ArchiveEntry[]
  readonly columns: readonly ListColumn[]
  /** Rows that name no image of the archive. */
  readonly problems: readonly Problem[]
}

/** The list that the option names, else the only one that there is, else null. */
export function findImageList(entries: readonly ArchiveEntry[], { image_list }: ReadOptions, file: string): ArchiveEntry | null {
  const lists = entries.filter(({ path }) => LIST_NAME.test(path))
  if (image_list === undefined) return lists.length === 1 ? (lists[0] ?? null) : null
  const found = entries.find(({ path }) => path === image_list)
  if (found !== undefined) return found
  throw invalidData(file, {
    code: 'no_image_list',
    what: `there is no file ${JSON.stringify(image_list)} in the archive; lists are ${listed(lists.map(({ path }) => path))}`,
    hint: 'Give the path as it is inside the archive.',
  })
}

/** @throws TrainyardError `invalid_data` when the list cannot be used */
export async function readImageList(
  list: ArchiveEntry,
  images: readonly ArchiveEntry[],
  reader: ArchiveReader,
  options: ReadOptions,
  limits: PrepareLimits,
): Promise<ImageList> {
  if (list.size > limits.imageListBytesMax) {
    throw invalidData(list.path, {
      code: 'too_large',
      what: `the list has ${list.size} bytes; expected at most ${limits.imageListBytesMax}`,
      hint: 'Leave out columns, or split the archive.',
    })
  }
  const source = bytesSource('file', list.path, await reader.read(list))
  const sniffed = sniffFormat(await (await source.openRandom()).read(0, 4096))
  const open = sniffed.kind === 'data' && sniffed.format === 'jsonl' ? openJsonl : openCsv
  const { format: _, ...listOptions } = options
  const rows = await open(source, listOptions, limits)
  const names = rows.columns.map(({ name }) => name)
  const pathColumn = names.findIndex((name) => PATH_COLUMNS.includes(name.toLowerCase()))
  if (pathColumn < 0) {
    throw invalidData(list.path, {
      code: 'no_path_column',
      what: `no column names the images; the columns are ${listed(names)}`,
      hint: 'Name the column of paths "file_name".',
    })
  }
  const byPath = indexPaths(images, list.path)
  const problems: Problem[] = []
  const found: ArchiveEntry[] = []
  const texts = names.map(() => [] as string[])
  for await (const batch of rows.read({ onProblem: (problem) => problems.push(problem) })) {
    const cells = batch.columns.map((column) => (column.kind === 'cells' ? column : null))
    for (let row = 0; row < batch.rows; row++) {
      const path = cells[pathColumn]?.text(row) ?? ''
      const entry = byPath.get(path.replaceAll('\\', '/').replace(/^(\.?\/)+/, ''))
      if (entry === undefined) {
        const hint = 'Write the path as it is inside the archive, or relative to the list.'
        problems.push({
          code: 'no_such_image',
          what: `rows of ${list.path} that name no image`,
          row: batch.rowNumber(row),
          example: path,
          hint,
        })
        continue
      }
      found.push(entry)
      for (const [i, column] of cells.entries()) texts[i]?.push(column?.text(row) ?? '')
    }
  }
  const columns = names.flatMap((name, i) =>
    i === pathColumn ? [] : [{ name, role: ROLES.get(name.toLowerCase()) ?? null, texts: texts[i] ?? [] }],
  )
  return { images: found, columns, problems }
}

/** Images by path, and by path relative to the folder of the list. */
function indexPaths(images: readonly ArchiveEntry[], listPath: string): ReadonlyMap<string, ArchiveEntry> {
  const folder = listPath.slice(0, listPath.lastIndexOf('/') + 1)
  const byPath = new Map(images.map((entry) => [entry.path, entry]))
  for (const entry of images) {
    if (folder !== '' && entry.path.startsWith(folder)) byPath.set(entry.path.slice(folder.length), entry)
  }
  return byPath
}
