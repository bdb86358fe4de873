// Hostile files: whatever the bytes, preparation ends with a manifest or with an error of the catalogue, within bounded memory.

import { gzipSync } from 'node:zlib'
import { TrainyardError } from '@trainyard/errors'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { idx, memorySource, temporaryFolder } from '../testing.ts'

const IMAGES = idx(
  [6, 2, 2],
  Array.from({ length: 24 }, (_, i) => i),
)
const LABELS = idx([6], [0, 1, 2, 0, 1, 2])
const CSV = Buffer.from('a,b,y\n1,2.5,p\n-3,4e2,q\n"5",6,p\n7,8,q\n')
const LIMITS = { sampleBytesMax: 1 << 20, inflatedBytesMax: 1 << 20 }

const mutation = fc.array(fc.record({ at: fc.nat(60), kind: fc.constantFrom('set', 'cut', 'insert', 'repeat'), byte: fc.nat(255) }), {
  minLength: 1,
  maxLength: 4,
})

function mutate(bytes: Buffer, steps: readonly { at: number; kind: string; byte: number }[]): Buffer {
  let result = Buffer.from(bytes)
  for (const { at, kind, byte } of steps) {
    const i = at % (result.length + 1)
    if (kind === 'set' && i < result.length) result[i] = byte
    if (kind === 'cut') result = result.subarray(0, i)
    if (kind === 'insert') result = Buffer.concat([result.subarray(0, i), Buffer.from([byte]), result.subarray(i)])
    if (kind === 'repeat') result = Buffer.concat([result, result.subarray(i)])
  }
  return result
}

async function survives(work: () => ReturnType<typeof prepareDataset>): Promise<void> {
  const before = process.memoryUsage()
  try {
    const { manifest } = await work()
    expect(manifest.splits.train?.rows).toBeGreaterThan(0)
  } catch (error) {
    if (!(error instanceof TrainyardError)) throw error
    expect(['invalid_data', 'executable_format']).toContain(error.code)
    expect(error.issues.length + Number(error.code === 'executable_format')).toBeGreaterThan(0)
  }
  const after = process.memoryUsage()
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 << 20)
}

it('IDX images with mutated bytes', async () => {
  const outDir = temporaryFolder()
  await fc.assert(
    fc.asyncProperty(mutation, fc.boolean(), async (steps, packed) => {
      const bytes = mutate(IMAGES, steps)
      const sources = [memorySource('train_images', packed ? gzipSync(bytes) : bytes, 9), memorySource('train_labels', LABELS)]
      await survives(() => prepareDataset({ sources, outDir, limits: LIMITS }))
    }),
    { numRuns: 300, seed: 1 },
  )
})

it('IDX labels with mutated bytes', async () => {
  const outDir = temporaryFolder()
  await fc.assert(
    fc.asyncProperty(mutation, async (steps) => {
      const sources = [memorySource('train_images', IMAGES), memorySource('train_labels', mutate(LABELS, steps), 3)]
      await survives(() => prepareDataset({ sources, outDir, limits: LIMITS }))
    }),
    { numRuns: 300, seed: 2 },
  )
})

it('gzip data with mutated bytes', async () => {
  const outDir = temporaryFolder()
  const packed = gzipSync(IMAGES)
  await fc.assert(
    fc.asyncProperty(mutation, async (steps) => {
      const sources = [memorySource('train_images', mutate(packed, steps), 5), memorySource('train_labels', LABELS)]
      await survives(() => prepareDataset({ sources, outDir, limits: LIMITS }))
    }),
    { numRuns: 300, seed: 3 },
  )
})

it('CSV with mutated bytes, and any bytes at all', async () => {
  const outDir = temporaryFolder()
  const bytes = fc.oneof(
    mutation.map((steps) => mutate(CSV, steps)),
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 100 }),
  )
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      await survives(() => prepareDataset({ sources: [memorySource('file', content, 11)], outDir, limits: LIMITS }))
    }),
    { numRuns: 600, seed: 4 },
  )
})
