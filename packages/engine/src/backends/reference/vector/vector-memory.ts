// The memory of a program in one WebAssembly memory, so that compiled and plain kernels work on the same numbers.

import type { Program } from '../../../core/program.ts'
import { type Allocation, ProgramMemory } from '../memory.ts'
import { FLOAT_BYTES, VECTOR_BYTES } from './emitter.ts'
import { createMemory, type WasmMemory } from './wasm-module.ts'

/** Scratch memory is padded copies of weights and probabilities: at most four times what is padded. */
const SCRATCH_FACTOR = 5
const SLACK_BYTES = 65_536

export interface VectorMemory {
  readonly memory: WasmMemory
  readonly tensors: ProgramMemory
  /** Address of so many numbers. */
  readonly scratch: (floats: number) => number
}

export function allocateVectorMemory(program: Program): VectorMemory {
  const { bytes } = new ProgramMemory(program, Float32Array)
  const memory = createMemory(SLACK_BYTES + bytes + VECTOR_BYTES * program.tensors.length + SCRATCH_FACTOR * bytes)
  let next = 0
  const allocate = (size: number): Allocation => {
    const byteOffset = next
    next += Math.ceil(size / VECTOR_BYTES) * VECTOR_BYTES
    return { buffer: memory.buffer, byteOffset }
  }
  const tensors = new ProgramMemory(program, Float32Array, allocate)
  return { memory, tensors, scratch: (floats) => allocate(floats * FLOAT_BYTES).byteOffset }
}
