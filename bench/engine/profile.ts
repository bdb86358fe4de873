// Milliseconds per primitive of a training step, with the implementation that the library chose and its speed.

import type { OnednnBackend } from '@trainyard/engine/backends'
import type { CompiledModel } from '@trainyard/engine/plan'
import { randomBatch } from './batch.ts'
import { matmulPeak } from './peak.ts'
import { median } from './statistics.ts'

const RUNS = 40

export function printProfile(name: string, backend: OnednnBackend, model: CompiledModel, threads: number): void {
  const peak = matmulPeak(backend, threads)
  const steps = profileSteps(backend, model, threads)
  const total = steps.reduce((sum, { ms }) => sum + ms, 0)
  console.log(`${name}: ${total.toFixed(3)} ms in ${steps.length} steps; matrix product ${peak.toFixed(0)} GFLOP/s`)
  for (const { origin, label, implementation, ms, flops } of steps) {
    const speed = flops / (ms * 1e6)
    const share =
      flops === 0 ? ''.padStart(22) : `${speed.toFixed(0).padStart(6)} GFLOP/s ${((100 * speed) / peak).toFixed(0).padStart(4)} %`
    console.log(`${ms.toFixed(3).padStart(9)} ms ${share}  ${label.padEnd(34)} ${implementation.padEnd(26)} ${origin}`)
  }
}

interface ProfiledStep {
  readonly origin: string
  readonly label: string
  readonly implementation: string
  readonly flops: number
  readonly ms: number
}

/** Each step is timed within whole training steps, so that caches are as warm as in training. */
function profileSteps(backend: OnednnBackend, model: CompiledModel, threads: number): readonly ProfiledStep[] {
  const { parameters, bindings, program } = model
  const executable = backend.compile(program, { threads })
  const { samples, targets, count } = randomBatch(model)
  for (const { tensor, shape } of parameters)
    executable.write(tensor, new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(0.01))
  executable.write(bindings.samples, samples)
  for (const head of bindings.heads) executable.write(head.targets, targets)
  executable.write(bindings.count, Float32Array.of(count))
  for (const { tensor } of bindings.learningRates) executable.write(tensor, Float32Array.of(0))
  const steps = executable.phases.train
  const times = steps.map(() => [] as number[])
  for (let run = 0; run < RUNS; run++) {
    steps.forEach((step, i) => {
      const start = performance.now()
      executable.runStep(step)
      times[i]?.push(performance.now() - start)
    })
  }
  executable.close()
  return steps.map((step, i) => ({ ...step, ms: median(times[i] ?? []) }))
}
