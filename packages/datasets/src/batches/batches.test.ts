import { truncateSync } from 'node:fs'
import { permutation, subset } from '@trainyard/engine/random'
import { describe, expect, it } from 'vitest'
import type { PreparedDataset } from '../prepare/manifest.ts'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { contents, idx, memorySource, pathsOf, temporaryFolder } from '../testing.ts'
import type { BatchStream } from './batch.ts'
import { type BatchesRequest, openBatches } from './open-batches.ts'
import { openSplitReader } from './sequential.ts'

const ROWS = 23
const PIXELS = 6

/** 23 images of 2 channels of 1×3, in shards of 5 rows. */
async function images(): Promise<PreparedDataset> {
  const pixels = Array.from({ length: ROWS * PIXELS }, (_, i) => (i * 37) % 256)
  const labels = Array.from({ length: ROWS }, (_, i) => i % 3)
  const sources = [memorySource('train_images', idx([ROWS, 2, 1, 3], pixels)), memorySource('train_labels', idx([ROWS], labels))]
  const limits = { shardBytesMax: 5 * (PIXELS + 4) }
  return await prepareDataset({ sources, outDir: temporaryFolder(), options: { test_fraction: 0 }, limits })
}

function open(prepared: PreparedDataset, request: Partial<BatchesRequest> = {}): BatchStream {
  return openBatches({ manifest: prepared.manifest, shardPaths: pathsOf(prepared), batchSize: 4, seed: 9, ...request })
}

/** Copies of the next batches. */
function take(stream: BatchStream, steps: number) {
  return Array.from({ length: steps }, () => {
    const { samples, targets, count, epoch, stepInEpoch } = stream.next()
    return { samples: [...samples], targets: [...targets], count, epoch, stepInEpoch }
  })
}

/** What a row must look like, by the definition. */
function expectedSample(prepared: PreparedDataset, x: readonly number[], row: number): number[] {
  const { scale, mean, std } = prepared.manifest.normalization
  return x.slice(row * PIXELS, (row + 1) * PIXELS).map((pixel, i) => {
    const channel = i < PIXELS / 2 ? 0 : 1
    return (pixel * scale - (mean[channel] ?? Number.NaN)) / (std[channel] ?? Number.NaN)
  })
}

describe('openBatches', () => {
  it('gives every row once per epoch, in the order of the permutation, normalized, the last batch filled with its own rows', async () => {
    const prepared = await images()
    const { x, y } = contents(prepared, 'train')
    const stream = open(prepared)
    expect(stream.stepsPerEpoch).toBe(6)
    const batches = take(stream, 12)
    stream.close()
    for (const epoch of [0, 1]) {
      const order = permutation(9, epoch, ROWS)
      for (const batch of batches.slice(epoch * 6, epoch * 6 + 6)) {
        expect(batch.epoch).toBe(epoch)
        expect(batch.count).toBe(batch.stepInEpoch === 5 ? 3 : 4)
        for (let i = 0; i < batch.count; i++) {
          const row = order[batch.stepInEpoch * 4 + i] ?? -1
          expect(batch.targets[i]).toBe(y[row])
          const sample = batch.samples.slice(i * PIXELS, (i + 1) * PIXELS)
          expect(sample).toEqual(expectedSample(prepared, x, row).map((value) => expect.closeTo(value, 5)))
        }
      }
    }
    expect(batches[5]?.samples.slice(3 * PIXELS)).toEqual(batches[5]?.samples.slice(0, PIXELS))
    expect(batches[5]?.targets[3]).toBe(batches[5]?.targets[0])
    const seen = batches.slice(0, 6).flatMap(({ samples, count }) => samples.slice(0, count * PIXELS))
    // Normalized over the whole split: mean 0, deviation 1.
    expect(seen.reduce((a, b) => a + b, 0) / seen.length).toBeCloseTo(0, 5)
    expect(seen.reduce((a, b) => a + b * b, 0) / seen.length).toBeCloseTo(1, 5)
  })

  it('gives the same bits from the thread, from files, and from any step on', async () => {
    const prepared = await images()
    const plain = open(prepared, { thread: 'never' })
    const truth = take(plain, 200)
    plain.close()
    const fromFiles = open(prepared, { thread: 'never', memoryBytesMax: 0 })
    expect(take(fromFiles, 200)).toEqual(truth)
    fromFiles.close()
    for (const startStep of [1, 5, 6, 77]) {
      const resumed = open(prepared, { startStep })
      expect(take(resumed, 50)).toEqual(truth.slice(startStep, startStep + 50))
      resumed.close()
    }
  })

  it.each([{ memoryBytesMax: undefined }, { memoryBytesMax: 0 }])(
    'hands over to the thread without a seam: %o',
    async ({ memoryBytesMax }) => {
      const prepared = await images()
      const limit = memoryBytesMax === undefined ? {} : { memoryBytesMax }
      const plain = open(prepared, { thread: 'never', startStep: 3 })
      const threaded = open(prepared, { thread: 'always', startStep: 3, ...limit })
      // The thread needs some hundred milliseconds to start; the caller gathers until then.
      const until = performance.now() + 20_000
      let steps = 0
      while (!isHandedOver(threaded) && performance.now() < until) {
        expect(take(threaded, 1)).toEqual(take(plain, 1))
        steps++
      }
      expect(isHandedOver(threaded)).toBe(true)
      expect(steps).toBeGreaterThan(0)
      expect(take(threaded, 300)).toEqual(take(plain, 300))
      threaded.close()
      plain.close()
    },
  )

  it('keeps a batch unchanged until the next one is asked for', async () => {
    const prepared = await images()
    const stream = open(prepared, { thread: 'always' })
    const until = performance.now() + 20_000
    while (!isHandedOver(stream) && performance.now() < until) stream.next()
    for (let i = 0; i < 20; i++) {
      const batch = stream.next()
      const copy = [...batch.samples]
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect([...batch.samples]).toEqual(copy)
    }
    stream.close()
  })

  it('reports a shard that is cut while the thread reads it', async () => {
    const prepared = await images()
    const stream = open(prepared, { thread: 'always', memoryBytesMax: 0 })
    const until = performance.now() + 20_000
    while (!isHandedOver(stream) && performance.now() < until) stream.next()
    for (const { path } of prepared.files) truncateSync(path, 10)
    expect(() => take(stream, 50)).toThrow(/data thread failed: the file ends/)
    stream.close()
  })

  it('allocates no batch twice', async () => {
    const stream = open(await images())
    const seen = new Set(Array.from({ length: 30 }, () => stream.next().samples.buffer))
    expect(seen.size).toBe(3)
    stream.close()
  })

  it('limits the samples to a seeded subset, the same in every epoch', async () => {
    const prepared = await images()
    const stream = open(prepared, { sampleLimit: 7, shuffle: false })
    const { x } = contents(prepared, 'train')
    expect([stream.rows, stream.stepsPerEpoch]).toEqual([7, 2])
    const rows = subset(9, ROWS, 7)
    const expected = [...rows].map((row) => expectedSample(prepared, x, row)[0])
    const firstPixels = take(stream, 2).flatMap(({ samples, count }) => Array.from({ length: count }, (_, i) => samples[i * PIXELS]))
    expect(firstPixels).toEqual(expected.map((value) => expect.closeTo(value ?? Number.NaN, 5)))
    stream.close()
    const shuffled = open(prepared, { sampleLimit: 7 })
    const of = (epoch: readonly { targets: number[]; count: number; samples: number[] }[]) =>
      epoch.flatMap(({ samples, count }) => samples.slice(0, count * PIXELS)).sort((a, b) => a - b)
    const batches = take(shuffled, 4)
    expect(of(batches.slice(0, 2))).toEqual(of(batches.slice(2)))
    shuffled.close()
  })

  it('leaves out a last batch that is not full, where asked, and refuses an epoch without a batch', async () => {
    const prepared = await images()
    const all = open(prepared)
    const dropped = open(prepared, { dropLast: true })
    expect([dropped.rows, dropped.stepsPerEpoch]).toEqual([ROWS, 5])
    const batches = take(all, 12).filter(({ stepInEpoch }) => stepInEpoch < 5)
    expect(take(dropped, 10)).toEqual(batches)
    all.close()
    dropped.close()
    expect(() => open(prepared, { dropLast: true, batchSize: 24 })).toThrow(/23 training rows make no batch of 24/)
  })

  it('reads tables: standardized columns, value targets', async () => {
    const csv = 'a,b,y\n1,100,0.5\n2,100,1.5\n3,100,2.5\n'
    const prepared = await prepareDataset({
      sources: [memorySource('file', csv)],
      outDir: temporaryFolder(),
      options: { test_fraction: 0 },
    })
    const stream = open(prepared, { shuffle: false })
    const [batch] = take(stream, 1)
    stream.close()
    const deviation = Math.sqrt(2 / 3)
    expect(batch?.samples).toEqual([-1 / deviation, 0, 0, 0, 1 / deviation, 0, -1 / deviation, 0].map((value) => expect.closeTo(value, 5)))
    expect(batch?.targets).toEqual([0.5, 1.5, 2.5, 0.5])
  })

  it.each([
    ['another split', { split: 'validation' }, /no split "validation"; it has train/],
    ['a missing path', { shardPaths: {} }, /no path/],
  ])('refuses %s', async (_, request, text) => {
    const prepared = await images()
    expect(() => open(prepared, request)).toThrow(text)
  })

  it('refuses a shard that is not what the manifest says', async () => {
    const prepared = await images()
    const [first, second] = prepared.files
    const paths = pathsOf(prepared)
    const last = prepared.files.at(-1)
    expect(() => open(prepared, { shardPaths: { ...paths, [first?.key ?? '']: last?.path ?? '' } })).toThrow(/bytes; the manifest says/)
    truncateSync(second?.path ?? '', 60)
    expect(() => open(prepared)).toThrow(/shard [0-9a-f]{64}\.safetensors cannot be read/)
  })
})

describe('openSplitReader', () => {
  it('reads the split once in its stored order, as often as asked', async () => {
    const prepared = await images()
    const { x, y } = contents(prepared, 'train')
    const reader = openSplitReader({ manifest: prepared.manifest, shardPaths: pathsOf(prepared), split: 'train', batchSize: 10 })
    expect([reader.rows, reader.steps]).toEqual([23, 3])
    for (const step of [0, 1, 2, 1]) {
      const batch = reader.batch(step)
      expect(batch.count).toBe(step === 2 ? 3 : 10)
      const targets = y.slice(step * 10, step * 10 + 10)
      expect([...batch.targets]).toEqual(Array.from({ length: 10 }, (_, i) => targets[i % batch.count]))
      expect([...batch.samples.slice(0, PIXELS)]).toEqual(expectedSample(prepared, x, step * 10).map((value) => expect.closeTo(value, 5)))
    }
    expect(() => reader.batch(3)).toThrow(RangeError)
    reader.close()
  })
})

function isHandedOver(stream: BatchStream): boolean {
  return stream.source === 'thread'
}
