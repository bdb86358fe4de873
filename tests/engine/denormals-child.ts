// Training until a gradient has been 0 for long, in a process of its own. Prints what is left, as one line of JSON.
// usage: node --import tsx tests/engine/denormals-child.ts ENGINE kept|flushed

import { createHash } from 'node:crypto'
import { buildModel } from '@trainyard/engine/plan'
import { buildGraph, modelSpecSchema, trainingConfigSchema } from '@trainyard/engine/spec'
import { createSession } from '@trainyard/engine/train'
import { areDenormalsFlushed, flushDenormals } from '../../apps/worker/src/trainer/denormals.ts'
import { backendOf, type Engine } from './steady-state-child.ts'

export interface Left {
  /** areDenormalsFlushed() */
  readonly isFlushed: boolean
  /** Denormal numbers among the optimizer's slots. */
  readonly denormals: number
  /** SHA-256 of the weights. */
  readonly weights: string
}

/** Bits of a float32. */
const EXPONENT = 0x7f80_0000
const FRACTION = 0x007f_ffff
/** A velocity loses a tenth a step: it takes some 800 from its first value to the smallest normal number. */
const STEPS = 2000
const STEPS_WITH_GRADIENT = 10
const THREADS = 2
/** With oneDNN so many that both threads have some of their weights. */
const UNITS: Readonly<Record<Engine, number>> = { vectors: 64, reference: 64, onednn: 8192 }

if (process.argv[1] === import.meta.filename) {
  const [engine, mode] = process.argv.slice(2) as [Engine, string]
  if (mode === 'flushed') flushDenormals()
  console.log(JSON.stringify(left(engine)))
  // A process with native threads ends explicitly.
  process.exit(0)
}

/** The second feature of two is 0 after a few steps, and with it the gradient of its weights. */
function left(engine: Engine): Left {
  const spec = { version: 1, preset: { name: 'mlp', options: { sizes: [2, UNITS[engine], 2], activation: 'tanh' } } }
  const optimizer = { type: 'sgd', learning_rate: 0.01, momentum: 0.9 }
  const model = buildModel(buildGraph(modelSpecSchema.parse(spec), { batchSize: 2 }), trainingConfigSchema.parse({ optimizer }))
  const session = createSession({ model, backend: backendOf(engine), threads: THREADS })
  session.initialize(1)
  for (let step = 1; step <= STEPS; step++) {
    const second = step <= STEPS_WITH_GRADIENT ? 1 : 0
    session.trainStep({ samples: Float32Array.of(1, second, -1, second), targets: Int32Array.of(0, 1), count: 2 }, 0.01, step)
  }
  const hash = createHash('sha256')
  let denormals = 0
  for (const [name, { data }] of session.exportState()) {
    if (name.startsWith('model.')) hash.update(data)
    else denormals += countDenormals(data)
  }
  return { isFlushed: areDenormalsFlushed(), denormals, weights: hash.digest('hex') }
}

/** By their bits: to arithmetic that flushes them they are 0. */
export function countDenormals({ buffer, byteOffset, length }: Float32Array): number {
  return new Uint32Array(buffer, byteOffset, length).filter((bits) => (bits & EXPONENT) === 0 && (bits & FRACTION) !== 0).length
}
