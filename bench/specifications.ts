// What a specification costs before anything is trained: bad ones (at most 50 ms and 10 MB each), and planning deep networks.
//
// usage: npm run bench:specifications [-- ROUNDS]

import { buildModel, estimateModel } from '@trainyard/engine/plan'
import { buildGraph, trainingConfigSchema, validateModelSpec } from '@trainyard/engine/spec'
import { BAD_SPECS } from '../packages/engine/src/spec/bad-specs.samples.ts'

const ROUNDS = Number(process.argv[2] ?? 7)
const SHOWN = 8
const MS_MAX = 50
const BYTES_MAX = 10_000_000
const PLAN_MS_MAX = 200

interface Cost {
  readonly name: string
  /** The first time in this process: code is not compiled yet. */
  readonly firstMs: number
  readonly ms: number
  /** User and system time of all threads: what a loaded machine does not change. */
  readonly cpuMs: number
  readonly bytes: number
}

/** Median time, and the largest growth of the heap that no collection hid. */
function measure(name: string, action: () => void): Cost {
  const runs = Array.from({ length: ROUNDS }, () => {
    const before = process.memoryUsage()
    const cpu = process.cpuUsage()
    const start = performance.now()
    action()
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const after = process.memoryUsage()
    return { ms, cpuMs: (user + system) / 1000, bytes: after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers }
  })
  const median = (of: (run: (typeof runs)[number]) => number) => runs.map(of).sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
  return {
    name,
    firstMs: runs[0]?.ms ?? Number.NaN,
    ms: median((run) => run.ms),
    cpuMs: median((run) => run.cpuMs),
    bytes: Math.max(...runs.map(({ bytes }) => bytes)),
  }
}

function print({ name, firstMs, ms, cpuMs, bytes }: Cost): void {
  console.log(
    `${name.padEnd(60)} ${ms.toFixed(2).padStart(9)} ms (CPU ${cpuMs.toFixed(2)}, first ${firstMs.toFixed(2)}) ${(bytes / 1e6).toFixed(2).padStart(8)} MB`,
  )
}

const bad = BAD_SPECS.map(({ name, json }) => measure(name, () => void validateModelSpec(json)))
const isOver = ({ cpuMs, bytes }: Cost) => cpuMs > MS_MAX || bytes > BYTES_MAX
console.log(`${bad.length} bad specifications, ${ROUNDS} rounds; the slowest:`)
bad
  .toSorted((a, b) => b.ms - a.ms)
  .slice(0, SHOWN)
  .forEach(print)
console.log('those that take most memory:')
bad
  .toSorted((a, b) => b.bytes - a.bytes)
  .slice(0, SHOWN)
  .forEach(print)
console.log(`over ${MS_MAX} ms of CPU time or ${BYTES_MAX / 1e6} MB: ${bad.filter(isOver).length}`)

const training = trainingConfigSchema.parse({
  loss: { type: 'softmax_cross_entropy' },
  optimizer: { type: 'sgd', learning_rate: 0.1, momentum: 0.9 },
})
for (const name of ['resnet110', 'resnet50', 'resnet20', 'lenet5']) {
  const json = { version: 1, preset: { name } }
  const validated = validateModelSpec(json)
  if (!validated.ok) throw new Error(`${name} is not valid`)
  const { spec } = validated
  const graph = buildGraph(spec, { batchSize: 128 })
  const model = buildModel(graph, training)
  console.log(`\nplanning ${name} (goal: ${PLAN_MS_MAX} ms in all), ${model.program.phases.train.length} ops in a training step`)
  const parts = [
    measure('validate', () => void validateModelSpec(json)),
    measure('build the graph', () => void buildGraph(spec, { batchSize: 128 })),
    measure('loss, derivative, update', () => void buildModel(graph, training)),
    measure('memory plan and costs', () => void estimateModel(model)),
  ]
  parts.forEach(print)
  const sum = (of: (cost: Cost) => number) => parts.reduce((total, part) => total + of(part), 0)
  print({
    name: 'in all',
    firstMs: sum(({ firstMs }) => firstMs),
    ms: sum(({ ms }) => ms),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    bytes: sum(({ bytes }) => bytes),
  })
}
