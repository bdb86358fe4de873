// A file of images and a file of their labels, both arrays (IDX), row by row side by side.

import type { ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'
import { invalidData } from '../problems.ts'
import { arrayRows, checkSizes, type StoredArray } from './array-rows.ts'
import { detectFormat } from './detect-format.ts'
import { isWholeNumber } from './element-types.ts'
import { openIdx } from './idx.ts'
import type { ColumnRole, RowSource } from './row-source.ts'
import type { DataSource } from './source.ts'

/** @throws TrainyardError `invalid_data` when they are no images and labels, or not equally many */
export async function openImagePair(
  images: DataSource,
  labels: DataSource,
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<RowSource> {
  const pixels = await openImages(images, options, limits, signal)
  const classes = await openLabels(labels, options, limits, signal)
  checkSizes(pixels, limits)
  checkSizes(classes, limits)
  if (pixels.rows !== classes.rows) {
    throw invalidData(images.name, {
      code: 'unequal_rows',
      what: `${pixels.rows} images, but ${labels.name} has ${classes.rows} labels`,
      hint: 'Upload the label file that belongs to these images.',
    })
  }
  return arrayRows([pixels, classes], limits)
}

async function openImages(source: DataSource, options: ReadOptions, limits: PrepareLimits, signal?: AbortSignal): Promise<StoredArray> {
  const array = await openArray(source, 'image', 'input', options, limits, signal)
  const { type, rowShape } = array
  if (type === 'uint8' && (rowShape.length === 2 || rowShape.length === 3)) return array
  throw invalidData(source.name, {
    code: 'not_images',
    what: `the file holds ${type} with ${rowShape.length + 1} dimensions; expected uint8 with 3 (images, height, width) or 4 (images, channels, height, width)`,
    hint:
      rowShape.length === 0
        ? 'Images and labels seem to be swapped: check the names of the parts.'
        : 'Write pixels as bytes from 0 to 255.',
  })
}

async function openLabels(source: DataSource, options: ReadOptions, limits: PrepareLimits, signal?: AbortSignal): Promise<StoredArray> {
  const array = await openArray(source, 'label', 'target', options, limits, signal)
  const { type, rowShape } = array
  if (rowShape.length === 0 && isWholeNumber(type)) return array
  throw invalidData(source.name, {
    code: 'not_labels',
    what: `the file holds ${type} with ${rowShape.length + 1} dimensions; expected one whole number per image`,
    hint:
      rowShape.length === 2
        ? 'Images and labels seem to be swapped: check the names of the parts.'
        : 'Write labels as a one-dimensional IDX file of uint8.',
  })
}

async function openArray(
  source: DataSource,
  name: string,
  role: ColumnRole,
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<StoredArray> {
  const format = await detectFormat(source, options, limits, signal)
  if (format === 'idx') return await openIdx(source, name, role, limits, signal)
  throw invalidData(source.name, {
    code: 'not_idx',
    what: `part ${source.role} is ${format}; expected an IDX file (plain or gzip)`,
    hint: 'Upload other formats as the only part, named "file".',
  })
}
