// What loading with augmentation costs the training of resnet20: steps on one batch in memory against steps on the data thread's batches,
// alternately. Images as CIFAR-10's: 3 × 32 × 32 bytes, cropped from a padding of 4 and flipped. Prints one line of JSON.
// usage: node --import tsx bench/engine/data.ts SECONDS THREADS

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BatchStream, fileSource, openBatches, prepareDataset } from '@trainyard/datasets'
import { estimateModel } from '@trainyard/engine/plan'
import { fillWords } from '@trainyard/engine/random'
import { augmentationSchema } from '@trainyard/engine/spec'
import { createSession, type Session } from '@trainyard/engine/train'
import { chooseBackend } from '../../apps/worker/src/trainer/backend.ts'
import { flushDenormals } from '../../apps/worker/src/trainer/denormals.ts'
import { compiledModel, MODELS } from './models.ts'
import { median } from './statistics.ts'

export interface DataCost {
  readonly memory_ms: number
  readonly stream_ms: number
  /** Of a step, that the trainer waited for its batch. */
  readonly waited_ms: number
}

const ROWS = 10_000
const SAMPLE = [3, 32, 32] as const
const CLASSES = 10
const ROUNDS = 12
const IDX_UINT8 = 8

const [seconds, threads] = process.argv.slice(2).map(Number)
flushDenormals()
const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-'))
try {
  console.log(JSON.stringify(await measured(seconds ?? 1, threads ?? 2)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
// A process with native threads ends explicitly.
process.exit(0)

async function measured(seconds: number, threads: number): Promise<DataCost> {
  const bench = MODELS.resnet20
  const model = compiledModel(bench)
  const session = createSession({ model, backend: chooseBackend('auto', estimateModel(model).flops.train).backend, threads })
  session.initialize(1)
  const stream = await openStream(bench.batchSize)
  // The data thread takes a quarter of a second to start.
  const held = structuredClone(stream.next())
  const began = performance.now()
  while (performance.now() < began + 1000) session.trainStep(stream.next(), 0.01, 1)
  const times = { memory: [] as number[], stream: [] as number[], waited: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const end = performance.now() + (500 * seconds) / ROUNDS
    while (performance.now() < end) times.memory.push(stepTime(session, () => held)[0])
    const streamEnd = performance.now() + (500 * seconds) / ROUNDS
    while (performance.now() < streamEnd) {
      const [step, waited] = stepTime(session, () => stream.next())
      times.stream.push(step)
      times.waited.push(waited)
    }
  }
  stream.close()
  return { memory_ms: median(times.memory), stream_ms: median(times.stream), waited_ms: median(times.waited) }
}

function stepTime(session: Session, next: BatchStream['next']): readonly [step: number, waited: number] {
  const start = performance.now()
  const batch = next()
  const got = performance.now()
  session.trainStep(batch, 0.01, 1)
  return [performance.now() - start, got - start]
}

async function openStream(batchSize: number): Promise<BatchStream> {
  const images = new Uint8Array(ROWS * SAMPLE.reduce((product, size) => product * size, 1))
  fillWords({ seed: 1, purpose: 'test' }, new Uint32Array(images.buffer))
  const { manifest, files } = await prepareDataset({
    sources: [
      fileSource('train_images', 'images', idxFile('images', [ROWS, ...SAMPLE], images)),
      fileSource(
        'train_labels',
        'labels',
        idxFile(
          'labels',
          [ROWS],
          Uint8Array.from({ length: ROWS }, (_, i) => i % CLASSES),
        ),
      ),
    ],
    options: { test_fraction: 0 },
    outDir: folder,
  })
  const shardPaths = Object.fromEntries(files.map(({ key, path }) => [key, path]))
  const augmentation = augmentationSchema.parse([{ type: 'random_crop', padding: 4 }, { type: 'horizontal_flip' }])
  return openBatches({ manifest, shardPaths, batchSize, seed: 1, augmentation })
}

function idxFile(name: string, sizes: readonly number[], elements: Uint8Array): string {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header[2] = IDX_UINT8
  header[3] = sizes.length
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i)
  })
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat([header, elements]))
  return path
}
