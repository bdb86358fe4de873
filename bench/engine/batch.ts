// A batch of random numbers for a model, in memory before the clock starts.

import type { CompiledModel } from '@trainyard/engine/plan'
import { fillUniform } from '@trainyard/engine/random'
import type { Batch } from '@trainyard/engine/train'

export function randomBatch({ program, bindings }: CompiledModel): Batch {
  const sizeOf = (tensor: number) => (program.tensors[tensor]?.shape ?? []).reduce((product, n) => product * n, 1)
  const samples = new Float32Array(sizeOf(bindings.samples))
  fillUniform({ seed: 1, purpose: 'test' }, samples, -1, 1)
  return { samples, targets: targetsOf(), count: program.batchSize }

  function targetsOf(): Int32Array | Float32Array {
    const classes = program.tensors[bindings.heads[0]?.predictions ?? -1]?.shape[1] ?? 1
    if (program.tensors[bindings.heads[0]?.targets ?? -1]?.type === 'index')
      return Int32Array.from({ length: program.batchSize }, (_, i) => i % classes)
    const values = new Float32Array(sizeOf(bindings.heads[0]?.targets ?? -1))
    fillUniform({ seed: 2, purpose: 'test' }, values, 0, 1)
    return values
  }
}
