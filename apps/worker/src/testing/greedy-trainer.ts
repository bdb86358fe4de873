// Takes memory until it gets no more: `buffers` outside of the JavaScript heap, under the limit of a small plan; otherwise objects.

import { describeFailure } from '../trainer/failure.ts'
import { limitMemoryToPlan } from '../trainer/memory-limit.ts'

const CHUNK = 64 * 1024 ** 2
const plan = { parameters: 0, gradients: 0, optimizer: 0, inputsAndOutputs: 0, activations: CHUNK, best: 0, total: CHUNK }
const kept: unknown[] = []

if (process.argv[2] === 'buffers') {
  limitMemoryToPlan(plan, null)
  try {
    for (let i = 0; i < 1000; i++) kept.push(new Float32Array(CHUNK / 4).fill(i))
  } catch (error) {
    process.stdout.write(JSON.stringify(describeFailure(error)))
    process.exit(0)
  }
}
for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })))
