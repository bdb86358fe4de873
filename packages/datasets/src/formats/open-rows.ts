// From the files of an upload to one row source, whatever they are: what preparation reads.

import type { DataFormat, ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'
import { openNpyFile, openNpz, openSafetensors } from './array-files.ts'
import { arrayRows } from './array-rows.ts'
import { openCsv } from './csv/csv-rows.ts'
import { detectFormat } from './detect-format.ts'
import { openIdx } from './idx.ts'
import { openImagePair } from './image-pair.ts'
import { openImageTar, openImageZip } from './images/image-archive.ts'
import { openJsonl } from './jsonl.ts'
import { openParquet } from './parquet/parquet-rows.ts'
import type { RowSource } from './row-source.ts'
import type { DataSource } from './source.ts'
import { splitRows } from './split-rows.ts'

type Open = (source: DataSource, options: ReadOptions, limits: PrepareLimits, signal?: AbortSignal) => Promise<RowSource>

const OPEN: { readonly [F in DataFormat]: Open } = {
  idx: async (source, _, limits, signal) => arrayRows([await openIdx(source, 'value', 'input', limits, signal)], limits),
  csv: openCsv,
  jsonl: openJsonl,
  npy: openNpyFile,
  npz: openNpz,
  parquet: openParquet,
  safetensors: openSafetensors,
  zip: openImageZip,
  tar: openImageTar,
}

/**
 * @param sources either one `file`, or `train_images` and `train_labels` with, if there are any, `test_images` and `test_labels`; see `checkRoles`
 * @throws TrainyardError `executable_format`, or `invalid_data` when a file cannot be read at all
 * @example const rows = await openRows([fileSource('file', 'iris.csv', path)], {}, PREPARE_LIMITS)
 */
export async function openRows(
  sources: readonly DataSource[],
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<RowSource> {
  const byRole = new Map(sources.map((source) => [source.role, source]))
  const file = byRole.get('file')
  if (file !== undefined) return await OPEN[await detectFormat(file, options, limits, signal)](file, options, limits, signal)
  const parts = []
  for (const split of ['train', 'test'] as const) {
    const images = byRole.get(`${split}_images`)
    const labels = byRole.get(`${split}_labels`)
    if (images === undefined || labels === undefined) continue
    parts.push({ split, name: images.name, source: await openImagePair(images, labels, options, limits, signal) })
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0].source : splitRows(parts)
}
