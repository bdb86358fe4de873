// Bytes of JavaScript heap that a training step takes in steady state, measured in a process of its own. Prints one line of JSON.
// usage: node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64 --import tsx bench/engine/heap.ts MODEL

import type { Backend } from '@trainyard/engine/backends'
import type { CompiledModel } from '@trainyard/engine/plan'
import { estimateModel } from '@trainyard/engine/plan'
import { createSession } from '@trainyard/engine/train'
import { chooseBackend } from '../../apps/worker/src/trainer/backend.ts'
import { flushDenormals } from '../../apps/worker/src/trainer/denormals.ts'
import { randomBatch } from './batch.ts'
import { type BenchModel, compiledModel, knownModel, MODELS } from './models.ts'

/** So many steps and no less than that time, or what fits in the longest. */
interface Patience {
  readonly steps: number
  readonly msMin: number
  readonly msMax: number
}

export interface HeapMeasured {
  readonly bytes_per_step: number
}

/** Until the code of a step is compiled for good: by a tiny network with the same ops, since their code is the same for all. */
const WARM_UP_STEPS = 5000
/**
 * Of the model itself: its code is fed other objects than that of the tiny one, and compiled again, on another thread.
 */
const OWN_WARM_UP: Patience = { steps: 1000, msMin: 1000, msMax: 30_000 }
/** A collection takes compiled code with it now and then: so long it takes until that is there again. */
const SETTLING: Patience = { steps: 500, msMin: 1000, msMax: 30_000 }
/** The difference of a long and a short pass: what a pass takes whatever its length does not count. So few that nothing is collected in between. */
const STEPS = { short: 30, long: 90 } as const
/** The least of them counts: the virtual machine takes from the heap now and then, too. */
const PASSES = 3
/** The smallest one that has a variance: what a step does in JavaScript does not depend on the batch. */
const BATCH = 2
const TINY: BenchModel = {
  spec: {
    version: 1,
    input: { shape: [1, 4, 4] },
    layers: [
      { type: 'conv2d', filters: 2, kernel: 3, padding: 'same', bias: false },
      { type: 'batch_norm' },
      { type: 'relu' },
      { type: 'flatten' },
      { type: 'dense', units: 10 },
    ],
  },
  batchSize: 4,
}

flushDenormals()
const bench = MODELS[knownModel(process.argv[2] ?? '')]
const { backend } = chooseBackend('auto', estimateModel(compiledModel(bench)).flops.train)
const measured: HeapMeasured = { bytes_per_step: heapBytesPerStep(bench, backend) }
console.log(JSON.stringify(measured))
// A process with native threads ends explicitly.
process.exit(0)

/** Needs `--expose-gc`, and room for what it measures. */
function heapBytesPerStep(bench: BenchModel, backend: Backend): number {
  train(compiledModel(TINY), backend, (steps) => steps(WARM_UP_STEPS))
  const least = { short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY }
  train(compiledModel({ ...bench, batchSize: BATCH }), backend, (steps) => {
    repeat(steps, OWN_WARM_UP)
    for (let pass = 0; pass < PASSES; pass++) {
      globalThis.gc?.()
      repeat(steps, SETTLING)
      for (const length of ['short', 'long'] as const) {
        const bytes = heapBytesOf(() => steps(STEPS[length]))
        least[length] = Math.min(least[length], bytes)
      }
    }
  })
  return Math.max(0, least.long - least.short) / (STEPS.long - STEPS.short)
}

function repeat(steps: (count: number) => void, { steps: count, msMin, msMax }: Patience): void {
  const began = performance.now()
  for (let step = 0, ms = 0; ms < msMin || (step < count && ms < msMax); step++) {
    steps(1)
    ms = performance.now() - began
  }
}

/** @throws Error when something was collected meanwhile: the difference says nothing then */
function heapBytesOf(run: () => void): number {
  const before = process.memoryUsage().heapUsed
  run()
  const bytes = process.memoryUsage().heapUsed - before
  if (bytes < 0) throw new Error('the heap was collected while it was measured')
  return bytes
}

function train(model: CompiledModel, backend: Backend, run: (steps: (count: number) => void) => void): void {
  const session = createSession({ model, backend, threads: 1 })
  session.initialize(1)
  const batch = randomBatch(model)
  let step = 1
  run((count) => {
    for (let i = 0; i < count; i++) session.trainStep(batch, 0.01, step++)
  })
  session.close()
}
