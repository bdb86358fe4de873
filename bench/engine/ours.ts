// One measurement of our step, in a process of its own. Prints one line of JSON.
// usage: node --import tsx bench/engine/ours.ts MODEL SECONDS THREADS

import { openOnednn } from '@trainyard/engine/backends'
import { estimateModel } from '@trainyard/engine/plan'
import { type Batch, createSession, type Session } from '@trainyard/engine/train'
import { chooseBackend } from '../../apps/worker/src/trainer/backend.ts'
import { flushDenormals } from '../../apps/worker/src/trainer/denormals.ts'
import { randomBatch } from './batch.ts'
import { compiledModel, knownModel, MODELS } from './models.ts'
import { matmulPeak } from './peak.ts'
import { median } from './statistics.ts'

export interface Measured {
  readonly ours_ms: number
  /** Peak of the process's resident memory. */
  readonly ours_mb: number
  /** Memory of tensors. */
  readonly engine_mb: number
  readonly flops: number
  readonly peak_gflops: number
  readonly backend: string
}

const WARM_UP_MS = 100
const WARM_UP_STEPS = 5
/** Of a measurement, so that the clock's own time does not count. */
const CLOCK_MS = 0.1

if (process.argv[1] === import.meta.filename) {
  flushDenormals()
  const [name = '', seconds, threads] = process.argv.slice(2)
  console.log(JSON.stringify(measured(name, Number(seconds), Number(threads))))
  // A process with native threads ends explicitly.
  process.exit(0)
}

function measured(name: string, seconds: number, threads: number): Measured {
  const model = compiledModel(MODELS[knownModel(name)])
  const flops = estimateModel(model).flops.train
  const { backend } = chooseBackend('auto', flops)
  const session = createSession({ model, backend, threads })
  session.initialize(1)
  const batch = randomBatch(model)
  const milliseconds = timeSteps(session, batch, seconds)
  const oursMb = process.resourceUsage().maxRSS / 1024
  const opened = openOnednn()
  return {
    ours_ms: median(milliseconds),
    ours_mb: oursMb,
    engine_mb: session.bytes / 2 ** 20,
    flops,
    peak_gflops: opened.available ? matmulPeak(opened.backend, threads) : Number.NaN,
    backend: backend.version,
  }
}

/** Milliseconds per step, after a warm-up; steps that are short beside a look at the clock are timed some at a time. */
export function timeSteps(session: Session, batch: Batch, seconds: number): readonly number[] {
  let step = 1
  const began = performance.now()
  while (step <= WARM_UP_STEPS || performance.now() < began + WARM_UP_MS) session.trainStep(batch, 0.01, step++)
  const together = Math.max(1, Math.floor((CLOCK_MS * step) / (performance.now() - began)))
  const milliseconds: number[] = []
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
    const start = performance.now()
    for (let i = 0; i < together; i++) session.trainStep(batch, 0.01, step++)
    milliseconds.push((performance.now() - start) / together)
  }
  return milliseconds
}
