// Bytes of JavaScript heap that a training step takes in steady state.

import type { Backend } from '@trainyard/engine/backends'
import type { CompiledModel } from '@trainyard/engine/plan'
import { createSession } from '@trainyard/engine/train'
import { randomBatch } from './batch.ts'
import { type BenchModel, compiledModel } from './models.ts'

/** Until the code of a step is compiled for good: by a tiny network with the same ops, since their code is the same for all. */
const WARM_UP_STEPS = 5000
/** Of the model itself: its code is fed other objects than that of the tiny one, and compiled again, on another thread. */
const OWN_WARM_UP = { steps: 1000, ms: 1000 } as const
/** The difference of a long and a short pass: what a pass takes whatever its length does not count. So few that nothing is collected in between. */
const STEPS = { short: 50, long: 150 } as const
/** The least of them counts: the virtual machine takes from the heap now and then, too. */
const PASSES = 4
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

/** By batches of one sample: what a step does in JavaScript does not depend on the batch. Needs `--expose-gc`. */
export function heapBytesPerStep(bench: BenchModel, backend: Backend): number {
  train(compiledModel(TINY), backend, (steps) => steps(WARM_UP_STEPS))
  const least = { short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY }
  train(compiledModel({ ...bench, batchSize: 1 }), backend, (steps) => {
    const end = performance.now() + OWN_WARM_UP.ms
    do steps(OWN_WARM_UP.steps)
    while (performance.now() < end)
    for (let pass = 0; pass < PASSES; pass++) {
      least.short = Math.min(
        least.short,
        heapBytesOf(() => steps(STEPS.short)),
      )
      least.long = Math.min(
        least.long,
        heapBytesOf(() => steps(STEPS.long)),
      )
    }
  })
  return Math.max(0, least.long - least.short) / (STEPS.long - STEPS.short)
}

function heapBytesOf(run: () => void): number {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  run()
  return process.memoryUsage().heapUsed - before
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
