// What a backend is: it turns a program into something that runs. It sees ops and tensors, never layers.

import type { Phase, Program } from '../core/program.ts'
import type { TensorId } from '../core/tensor.ts'

export type RealArray = Float32Array | Float64Array
export type NumericArray = RealArray | Int32Array

export interface CompileOptions {
  /** Threads that kernels may use. */
  readonly threads: number
}

export interface Backend {
  readonly name: 'reference' | 'onednn'
  /** Library version and instruction set, part of a run's fingerprint: `onednn 2.6.3 avx2`. */
  readonly version: string
  compile(program: Program, options: CompileOptions): Executable
}

/** A compiled program with its memory. Not shared between threads. */
export interface Executable {
  /** Runs one phase on the inputs written before. Allocates nothing. */
  run(phase: Phase): void
  /** Copies logical row-major values into a tensor (inputs, parameters, buffers, slots). Length must equal the element count. */
  write(tensor: TensorId, values: NumericArray): void
  /** Copies a tensor out in logical row-major order. */
  read(tensor: TensorId, into: NumericArray): void
  /** Bytes of all memory that the executable holds. */
  readonly bytes: number
  close(): void
}
