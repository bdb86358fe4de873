// Bytes of JavaScript heap that a training step takes in steady state.

import type { Backend } from '@trainyard/engine/backends'
import { type CompiledModel, estimateModel } from '@trainyard/engine/plan'
import { createSession } from '@trainyard/engine/train'
import { randomBatch } from './batch.ts'
import { type BenchModel, compiledModel } from './models.ts'

/** Until the code of a step is compiled for good: by a tiny network with the same ops, since their code is the same for all. */
const WARM_UP_STEPS = 5000
/** So few that nothing is collected in between. */
const STEPS = { least: 100, most: 5000 } as const
/** Of all steps of a pass together: some seconds for the largest model. */
const PASS_FLOPS = 2e10
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
  const model = compiledModel({ ...bench, batchSize: 1 })
  const count = Math.round(Math.min(STEPS.most, Math.max(STEPS.least, PASS_FLOPS / estimateModel(model).flops.train)))
  const passes: number[] = []
  train(model, backend, (steps) => {
    for (let pass = 0; pass < PASSES; pass++) {
      globalThis.gc?.()
      const before = process.memoryUsage().heapUsed
      steps(count)
      passes.push((process.memoryUsage().heapUsed - before) / count)
    }
  })
  return Math.min(...passes)
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
