// Milliseconds per primitive of a training step, with the implementation that the library chose.

import type { OnednnBackend } from '@trainyard/engine/backends'
import type { CompiledModel } from '@trainyard/engine/plan'
import { median } from './statistics.ts'

const RUNS = 40

export interface ProfiledStep {
  readonly origin: string
  readonly label: string
  readonly implementation: string
  readonly ms: number
}

/** Each step is timed within whole training steps, so that caches are as warm as in training. */
export function profileSteps(backend: OnednnBackend, { program }: CompiledModel, threads: number): readonly ProfiledStep[] {
  const executable = backend.compile(program, { threads })
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
  return steps.map(({ origin, label, implementation }, i) => ({ origin, label, implementation, ms: median(times[i] ?? []) }))
}
