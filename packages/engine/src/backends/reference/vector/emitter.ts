// What an op gives to be computed in WebAssembly: instructions over fixed addresses.

import type { OpAttributes, OpName } from '../../../ops/index.ts'
import type { WasmCode } from './wasm-code.ts'

/** A tensor in the module's memory. */
export interface VectorOperand {
  /** In the program. */
  readonly id: number
  readonly shape: readonly number[]
  readonly elements: number
  readonly address: number
}

export interface EmitContext<A> {
  readonly code: WasmCode
  readonly inputs: readonly VectorOperand[]
  readonly outputs: readonly VectorOperand[]
  readonly attributes: A
  /** Address of memory that only this step, or what it shares it with by `memo`, uses. */
  readonly scratch: (floats: number) => number
  /** Softmax of logits, by their id, that an earlier step of the phase left: where, as four rows of each class in turn. */
  readonly memo: Map<number, number>
}

/** Emits the op; false, with nothing emitted, for a case that the plain kernel is to compute. */
export type Emitter<K extends OpName> = (context: EmitContext<OpAttributes<K>>) => boolean

export type EmitterTable = { readonly [K in OpName]?: Emitter<K> }

/** Numbers of a vector. */
export const LANES = 4
export const FLOAT_BYTES = 4
export const VECTOR_BYTES = LANES * FLOAT_BYTES
