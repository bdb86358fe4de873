// Augmentation in the stream: what a sample becomes depends on seed, epoch and row, and on nothing about how it is delivered.

import { augmentationSchema } from '@trainyard/engine/spec'
import { beforeEach, describe, expect, it } from 'vitest'
import { Augmenter } from '../augment/augmenter.ts'
import type { PreparedDataset } from '../prepare/manifest.ts'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { contents, idx, memorySource, pathsOf, temporaryFolder } from '../testing.ts'
import { fitTransformsOf } from '../transforms/fit-dataset.ts'
import type { Batch, BatchStream } from './batch.ts'
import { createNormalizer } from './normalize.ts'
import { type BatchesRequest, openBatches } from './open-batches.ts'
import { openSplitReader } from './sequential.ts'

const ROWS = 23
const SHAPE = [2, 6, 5]
const PIXELS = 60
const CLEAN = [
  { type: 'random_crop', padding: 2 },
  { type: 'horizontal_flip' },
  { type: 'rotation', degrees: 20, probability: 0.5 },
  { type: 'elastic_distortion', alpha: 4, sigma: 1, probability: 0.5 },
  { type: 'contrast', factor: 0.4 },
  { type: 'cutout', size: 2 },
] as const
const AUGMENTATION = augmentationSchema.parse([...CLEAN, { type: 'gaussian_noise', std: 0.2 }, { type: 'masking', fraction: 0.2 }])

/** Labels are row numbers. */
async function images(): Promise<PreparedDataset> {
  const pixels = Array.from({ length: ROWS * PIXELS }, (_, i) => (i * 37 + (i % 11) * 5) % 256)
  const labels = Array.from({ length: ROWS }, (_, i) => i)
  const sources = [memorySource('train_images', idx([ROWS, ...SHAPE], pixels)), memorySource('train_labels', idx([ROWS], labels))]
  return await prepareDataset({
    sources,
    outDir: temporaryFolder(),
    options: { test_fraction: 0 },
    limits: { shardBytesMax: 5 * (PIXELS + 4) },
  })
}

/** epoch/row → the numbers of its sample, over some epochs. */
function samplesOf(stream: BatchStream, epochs: number): Map<string, string> {
  const samples = new Map<string, string>()
  for (let batch = stream.next(); batch.epoch < epochs; batch = stream.next()) collect(batch, samples)
  stream.close()
  return samples
}

function collect({ samples, targets, count, epoch }: Batch, into: Map<string, string>): void {
  for (let i = 0; i < count; i++) into.set(`${epoch}/${targets[i]}`, samples.slice(i * PIXELS, (i + 1) * PIXELS).join())
}

describe('augmented batches', () => {
  let prepared: PreparedDataset
  let truth: Map<string, string>
  const open = (request: Partial<BatchesRequest> = {}) =>
    openBatches({
      manifest: prepared.manifest,
      shardPaths: pathsOf(prepared),
      batchSize: 4,
      seed: 9,
      augmentation: AUGMENTATION,
      thread: 'never',
      ...request,
    })

  beforeEach(async () => {
    prepared = await images()
    truth = samplesOf(open(), 3)
    expect(truth.size).toBe(3 * ROWS)
    expect(new Set(truth.values()).size).toBe(3 * ROWS)
  })

  it.each([
    ['size of batches', { batchSize: 7 }],
    ['order', { shuffle: false }],
    ['reading from files', { memoryBytesMax: 0 }],
    ['a whole batch at the end', { batchSize: ROWS, dropLast: true }],
  ])('do not depend on: %s', (_, request) => {
    expect(samplesOf(open(request), 3)).toEqual(truth)
  })

  it('do not depend on where a run goes on', () => {
    for (const startStep of [1, 5, 6, 11]) {
      const found = samplesOf(open({ startStep }), 3)
      expect(found.size).toBe(3 * ROWS - Math.floor(startStep / 6) * ROWS - (startStep % 6) * 4)
      for (const [key, sample] of found) expect([key, sample]).toEqual([key, truth.get(key)])
    }
  })

  it('do not depend on the thread', () => {
    const threaded = open({ thread: 'always' })
    const plain = open()
    const until = performance.now() + 20_000
    for (let after = 0; after < 40 && performance.now() < until; after += threaded.source === 'thread' ? 1 : 0) {
      const [a, b] = [threaded.next(), plain.next()]
      expect([...a.samples, ...a.targets]).toEqual([...b.samples, ...b.targets])
    }
    expect(threaded.source).toBe('thread')
    threaded.close()
    plain.close()
  })

  it('differ by seed', () => {
    const other = samplesOf(open({ seed: 10 }), 1)
    expect([...other].filter(([key, sample]) => truth.get(key) === sample)).toEqual([])
  })

  it('have for a reconstruction the targets that were not corrupted, in places of a last batch too', () => {
    const { manifest } = prepared
    const { x } = contents(prepared, 'train')
    const normalizer = createNormalizer(manifest.input, manifest.normalization)
    const clean = new Augmenter({ list: augmentationSchema.parse(CLEAN), seed: 9, shape: SHAPE, normalizer })
    const expected = new Float32Array(PIXELS)
    const labelled = open({ batchSize: 5 })
    const stream = open({ batchSize: 5, target: 'input' })
    for (let step = 0; step < 5; step++) {
      const { samples, targets, count } = stream.next()
      const labels = [...labelled.next().targets]
      expect(targets).toBeInstanceOf(Float32Array)
      expect([targets.length, count]).toEqual([5 * PIXELS, step === 4 ? 3 : 5])
      for (let i = 0; i < 5; i++) {
        const row = labels[i] ?? -1
        clean.augment(Uint8Array.from(x.slice(row * PIXELS, (row + 1) * PIXELS)), 0, 0, row, expected, 0)
        expect(targets.slice(i * PIXELS, (i + 1) * PIXELS)).toEqual(expected)
        expect(samples.slice(i * PIXELS, (i + 1) * PIXELS)).not.toEqual(expected)
      }
    }
    stream.close()
    labelled.close()
  })

  it('have both the labels and the samples before corruption, from the thread too', () => {
    const labelled = open({ batchSize: 5 })
    const reconstructed = open({ batchSize: 5, target: 'input' })
    const plain = open({ batchSize: 5, target: 'both' })
    const threaded = open({ batchSize: 5, target: 'both', thread: 'always' })
    const until = performance.now() + 20_000
    for (let after = 0; after < 10 && performance.now() < until; after += threaded.source === 'thread' ? 1 : 0) {
      const both = plain.next()
      expect([...both.targets]).toEqual([...labelled.next().targets])
      const { samples, targets } = reconstructed.next()
      expect([...both.samples]).toEqual([...samples])
      expect([...(both.originals ?? [])]).toEqual([...targets])
      const other = threaded.next()
      expect([...other.samples, ...other.targets, ...(other.originals ?? [])]).toEqual([...both.samples, ...both.targets, ...targets])
    }
    expect(threaded.source).toBe('thread')
    for (const stream of [labelled, reconstructed, plain, threaded]) stream.close()
  })

  it('leave evaluation alone, whose targets may be its inputs', () => {
    const { manifest } = prepared
    const { x } = contents(prepared, 'train')
    const shardPaths = pathsOf(prepared)
    const transforms = fitTransformsOf({ manifest, shardPaths, training: { normalization: 'unit' } })
    const reader = openSplitReader({ manifest, transforms, shardPaths, split: 'train', batchSize: ROWS, target: 'input' })
    const { samples, targets } = reader.batch(0)
    expect([...samples]).toEqual(x.map((pixel) => Math.fround(pixel / 255)).map((value) => expect.closeTo(value, 6)))
    expect([...targets]).toEqual([...samples])
    reader.close()
  })
})
