// How the time of a step grows with batch, width and depth: each should cost what it adds, and no more.

import { estimateModel } from '@trainyard/engine/plan'
import { createSession } from '@trainyard/engine/train'
import { chooseBackend } from '../../apps/worker/src/trainer/backend.ts'
import { randomBatch } from './batch.ts'
import { type BenchModel, compiledModel, mlp } from './models.ts'
import { timeSteps } from './ours.ts'
import { median } from './statistics.ts'

const resnet = (name: 'resnet20' | 'resnet32' | 'resnet44' | 'resnet56' | 'resnet110', batchSize: number, width = 16): BenchModel => ({
  spec: { version: 1, preset: { name, options: { width, shortcut: 'projection' } } },
  batchSize,
})

interface Series {
  readonly title: string
  readonly models: readonly (readonly [label: string, model: BenchModel])[]
}

const SERIES: readonly Series[] = [
  { title: 'resnet20 by batch', models: [16, 32, 64, 128, 256].map((batch) => [String(batch), resnet('resnet20', batch)]) },
  { title: 'resnet20, batch 64, by width', models: [16, 32, 48, 64].map((width) => [String(width), resnet('resnet20', 64, width)]) },
  {
    title: 'residual networks, batch 32, by depth',
    models: (['resnet20', 'resnet32', 'resnet44', 'resnet56', 'resnet110'] as const).map((name) => [name, resnet(name, 32)]),
  },
  {
    title: 'perceptron of 2 hidden layers, batch 128, by width',
    models: [64, 128, 256, 512, 1024, 2048].map((width) => [String(width), { spec: mlp([784, width, width, 10], 'relu'), batchSize: 128 }]),
  },
]

/** Markdown, ready for a report. */
export function printScale(seconds: number, threads: number): void {
  for (const { title, models } of SERIES) {
    console.log(`\n${title}, ${threads} thread${threads === 1 ? '' : 's'}\n`)
    console.log('| | plan, ms | compile, ms | step, ms | GFLOP/s | tensors, MB | step beside the first | work beside the first |')
    console.log('|---|---|---|---|---|---|---|---|')
    let first: Scaled | null = null
    for (const [label, model] of models) {
      const row = scaled(model, seconds, threads)
      first ??= row
      const { planMs, compileMs, stepMs, flops, megabytes } = row
      const cells = [
        label,
        planMs.toFixed(0),
        compileMs.toFixed(0),
        stepMs.toFixed(2),
        (flops / (stepMs * 1e6)).toFixed(0),
        megabytes.toFixed(0),
      ]
      console.log(`| ${[...cells, (stepMs / first.stepMs).toFixed(2), (flops / first.flops).toFixed(2)].join(' | ')} |`)
    }
  }
}

interface Scaled {
  readonly planMs: number
  readonly compileMs: number
  readonly stepMs: number
  /** Of a step. */
  readonly flops: number
  /** Of tensors. */
  readonly megabytes: number
}

function scaled(bench: BenchModel, seconds: number, threads: number): Scaled {
  const began = performance.now()
  const model = compiledModel(bench)
  const flops = estimateModel(model).flops.train
  const planMs = performance.now() - began
  const { backend } = chooseBackend('auto', flops)
  const start = performance.now()
  const session = createSession({ model, backend, threads })
  const compileMs = performance.now() - start
  session.initialize(1)
  const stepMs = median(timeSteps(session, randomBatch(model), seconds))
  const megabytes = session.bytes / 2 ** 20
  session.close()
  return { planMs, compileMs, stepMs, flops, megabytes }
}
