// One set of pictures as the files that people have: each form holds the same pixels, labels and division.

import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import type { PrepareOptionsInput } from '@trainyard/contracts'
import sharp from 'sharp'
import { pack } from 'tar-stream'
import { ZipFile } from 'yazl'
import type { Files } from '../upload-data.ts'
import { parquetFile } from './parquet-file.ts'
import { PICTURE_BYTES, type PictureSet, type Pictures } from './pictures.ts'

export interface Form {
  readonly name: string
  readonly files: Files
  readonly options: PrepareOptionsInput
}

export interface Png {
  readonly split: 'train' | 'test'
  readonly label: number
  /** In its split. */
  readonly row: number
  readonly bytes: Buffer
}

/** A form is made when it is asked for: each takes as much memory as the set. */
export async function* formsOf(set: PictureSet): AsyncGenerator<Form> {
  const idx = idxFiles(set)
  yield { name: 'IDX', files: idx, options: {} }
  yield {
    name: 'IDX, gzip',
    files: Object.fromEntries(Object.entries(idx).map(([role, bytes]) => [role, gzipSync(bytes, { level: 1 })])),
    options: {},
  }
  const pngs = [...(await pngsOf('train', set.train)), ...(await pngsOf('test', set.test))]
  yield { name: 'PNG in class folders, zip', files: { file: await zipOfFolders(pngs) }, options: {} }
  yield { name: 'PNG with a list, tar', files: { file: await tarWithList(pngs) }, options: {} }
  const table = { images: pngs.map(({ bytes }) => bytes), labels: pngs.map(({ label }) => label), splits: pngs.map(({ split }) => split) }
  yield {
    name: 'PNG in Parquet',
    files: { file: parquetFile(table) },
    options: { target: 'label', split: { by: 'column', column: 'split' } },
  }
}

function idxFiles({ train, test }: PictureSet): Record<string, Buffer> {
  return {
    train_images: idx([train.count, 28, 28], train.pixels),
    train_labels: idx([train.count], train.labels),
    test_images: idx([test.count, 28, 28], test.pixels),
    test_labels: idx([test.count], test.labels),
  }
}

function idx(sizes: readonly number[], bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header[2] = 8
  header[3] = sizes.length
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i)
  })
  return Buffer.concat([header, bytes])
}

/** Pictures that are encoded at once. */
const ENCODED_AT_ONCE = 64

export async function pngsOf(split: Png['split'], { count, pixels, labels }: Pictures): Promise<Png[]> {
  const encode = async (row: number): Promise<Png> => {
    const raw = pixels.subarray(row * PICTURE_BYTES, (row + 1) * PICTURE_BYTES)
    const picture = sharp(raw, { raw: { width: 28, height: 28, channels: 1 } }).toColourspace('b-w')
    return { split, label: labels[row] ?? 0, row, bytes: await picture.png().toBuffer() }
  }
  const pngs: Png[] = []
  for (let from = 0; from < count; from += ENCODED_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ENCODED_AT_ONCE, count - from) }, (_, i) => from + i)
    pngs.push(...(await Promise.all(rows.map(encode))))
  }
  return pngs
}

/** Class by class, as a file manager packs folders. Default: <split>/<class>/<row>.png. */
export async function zipOfFolders(
  pngs: readonly Png[],
  pathOf = ({ split, label, row }: Png) => `${split}/${label}/${row}.png`,
): Promise<Buffer> {
  const zip = new ZipFile()
  for (const png of pngs.toSorted((a, b) => a.label - b.label)) zip.addBuffer(png.bytes, pathOf(png), { compress: false })
  zip.end()
  return await buffer(zip.outputStream)
}

/** Pictures under names that say nothing, and a CSV that says what they are. */
export async function tarWithList(pngs: readonly Png[], labelOf = ({ label }: Png) => String(label)): Promise<Buffer> {
  const tar = pack()
  const lines = ['file_name,label,split']
  for (const [i, png] of pngs.entries()) {
    tar.entry({ name: `pictures/${pngs.length - i}.png` }, png.bytes)
    lines.push(`${pngs.length - i}.png,${labelOf(png)},${png.split}`)
  }
  tar.entry({ name: 'pictures/metadata.csv' }, `${lines.join('\n')}\n`)
  tar.finalize()
  return await buffer(tar)
}
