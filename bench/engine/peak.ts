// The machine's speed at its best: one large dense layer on the backend under test.

import type { Backend } from '@trainyard/engine/backends'
import { ProgramBuilder } from '@trainyard/engine/ops'

/** Large enough for the caches' blocking to pay, small enough for a second. */
const SIZE = 1024
const RUNS = 15

/** GFLOP/s of the fastest of some runs. */
export function matmulPeak(backend: Backend, threads: number): number {
  const builder = new ProgramBuilder()
  const matrix = { shape: [SIZE, SIZE], type: 'real' } as const
  const x = builder.tensor('x', matrix, 'input')
  const weight = builder.tensor('weight', matrix, 'parameter')
  builder.emit('dense', [x, weight], {}, { origin: 'peak', role: 'output' })
  const program = { batchSize: SIZE, tensors: builder.tensors, segments: [], phases: { train: builder.nodes, evaluate: [], predict: [] } }
  const executable = backend.compile(program, { threads })
  let fastest = Number.POSITIVE_INFINITY
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now()
    executable.run('train')
    fastest = Math.min(fastest, performance.now() - start)
  }
  executable.close()
  return (2 * SIZE ** 3) / (fastest * 1e6)
}
