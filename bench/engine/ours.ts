// One measurement of our step, in a process of its own so that threads and peak memory are its own. Prints one line of JSON.
// usage: node --import tsx bench/engine/ours.ts MODEL SECONDS THREADS [profile]

import { openOnednn } from '@trainyard/engine/backends'
import { estimateModel } from '@trainyard/engine/plan'
import { fillUniform } from '@trainyard/engine/random'
import { type Batch, createSession } from '@trainyard/engine/train'
import { chooseBackend } from '../../apps/worker/src/trainer/backend.ts'
import { compiledModel, MODELS, type ModelName } from './models.ts'
import { matmulPeak } from './peak.ts'
import { profileSteps } from './profile.ts'
import { median } from './statistics.ts'

const WARM_UP_STEPS = 5

const [name, seconds, threads, mode] = process.argv.slice(2)
const model = compiledModel(name as ModelName)
const flops = estimateModel(model).flops.train
const { backend } = chooseBackend('auto', flops)
const opened = openOnednn()
const session = createSession({ model, backend, threads: Number(threads) })
session.initialize(1)
const batch = randomBatch()
const milliseconds: number[] = []
const began = performance.now()
let step = 1
for (; step <= WARM_UP_STEPS; step++) session.trainStep(batch, 0.01, step)
for (const end = performance.now() + 1000 * Number(seconds); performance.now() < end; step++) {
  const start = performance.now()
  session.trainStep(batch, 0.01, step)
  milliseconds.push(performance.now() - start)
}
const oursMb = process.resourceUsage().maxRSS / 1024
const heap = heapGrowth()
if (mode === 'profile' && opened.available) {
  console.log(JSON.stringify({ profile: profileSteps(opened.backend, model, Number(threads)) }))
} else {
  const oursMs = median(milliseconds)
  const peak = opened.available ? matmulPeak(opened.backend, Number(threads)) : Number.NaN
  console.log(
    JSON.stringify({
      ours_ms: oursMs,
      ours_mb: oursMb,
      engine_mb: session.bytes / 2 ** 20,
      peak_share: flops / (oursMs * 1e6) / peak,
      peak_gflops: peak,
      heap_bytes_per_step: heap,
      backend: backend.version,
      seconds: (performance.now() - began) / 1000,
    }),
  )
}
// A process with native threads ends explicitly.
process.exit(0)

function randomBatch(): Batch {
  const { batchSize } = MODELS[name as ModelName]
  const { program, bindings } = model
  const size = (program.tensors[bindings.samples]?.shape ?? []).reduce((product, n) => product * n, 1)
  const classes = program.tensors[bindings.predictions]?.shape[1] ?? 1
  const samples = new Float32Array(size)
  fillUniform({ seed: 1, purpose: 'test' }, samples, -1, 1)
  return { samples, targets: Int32Array.from({ length: batchSize }, (_, i) => i % classes), count: batchSize }
}

/** Bytes of JavaScript heap that a step leaves behind after collection, over 1,000 steps at most. */
function heapGrowth(): number {
  const steps = Math.min(1000, milliseconds.length)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < steps; i++) session.trainStep(batch, 0.01, step++)
  globalThis.gc?.()
  return (process.memoryUsage().heapUsed - before) / steps
}
