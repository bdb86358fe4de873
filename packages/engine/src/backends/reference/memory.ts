// Memory of a program on the reference backend: plain row-major arrays, segments contiguous, activations in one arena.

import type { Phase, Program } from '../../core/program.ts'
import { elementCount, type TensorId, type TensorType } from '../../core/tensor.ts'
import { type MemoryPlan, planMemory } from '../../plan/memory.ts'
import type { NumericArray, RealArray } from '../backend.ts'
import type { Operand } from './kernel.ts'

export type RealArrayConstructor = Float32ArrayConstructor | Float64ArrayConstructor

const INDEX_BYTES = 4
const NO_VALUES = new Float64Array(0)
const NO_INDICES = new Int32Array(0)

/** Bytes, zeroed, aligned to 16. */
export interface Allocation {
  readonly buffer: ArrayBuffer
  readonly byteOffset: number
}

export class ProgramMemory {
  readonly bytes: number
  readonly #program: Program
  readonly #Real: RealArrayConstructor
  /** Tensors that keep memory of their own. */
  readonly #kept = new Map<TensorId, Operand>()
  readonly #plans: { readonly [P in Phase]: MemoryPlan }
  readonly #arena: Allocation

  constructor(
    program: Program,
    Real: RealArrayConstructor,
    allocate: (bytes: number) => Allocation = (bytes) => ({ buffer: new ArrayBuffer(bytes), byteOffset: 0 }),
  ) {
    this.#program = program
    this.#Real = Real
    const { tensors, phases, segments } = program
    const bytesOf = (id: TensorId) => this.#bytesOf(this.#tensor(id))
    const plan = (phase: Phase) => planMemory({ nodes: phases[phase], tensors, bytesOf })
    this.#plans = { train: plan('train'), evaluate: plan('evaluate'), predict: plan('predict') }
    const arenaBytes = Math.max(...Object.values(this.#plans).map((phase) => phase.arenaBytes))
    this.#arena = allocate(arenaBytes)
    let bytes = arenaBytes
    for (const { tensor, members } of segments) {
      const place = allocate(bytesOf(tensor))
      bytes += bytesOf(tensor)
      this.#kept.set(tensor, this.#view(this.#tensor(tensor), place, 0))
      let offset = 0
      for (const member of members) {
        this.#kept.set(member, this.#view(this.#tensor(member), place, offset))
        offset += bytesOf(member)
      }
    }
    for (const tensor of tensors) {
      if (tensor.role === 'activation' || this.#kept.has(tensor.id)) continue
      bytes += this.#bytesOf(tensor)
      this.#kept.set(tensor.id, this.#view(tensor, allocate(this.#bytesOf(tensor)), 0))
    }
    this.bytes = bytes
  }

  /** Memory of a tensor in a phase. */
  operand(id: TensorId, phase: Phase): Operand {
    const tensor = this.#tensor(id)
    const kept = this.#kept.get(id)
    if (kept !== undefined) return kept
    const place = this.#plans[phase].places.get(id)
    if (place === undefined) throw new Error(`${tensor.name} is not part of phase ${phase}`)
    return place.kind === 'arena'
      ? this.#view(tensor, this.#arena, place.offset)
      : { ...this.operand(place.of, phase), shape: tensor.shape }
  }

  /** The array of a tensor that keeps its values between runs. */
  kept(id: TensorId): NumericArray {
    const { name } = this.#tensor(id)
    const operand = this.#kept.get(id)
    if (operand === undefined)
      throw new RangeError(`${name} is an intermediate value; only inputs, outputs and state can be read or written`)
    return operand.type === 'real' ? operand.values : operand.indices
  }

  #view({ shape, type }: TensorType, { buffer, byteOffset }: Allocation, offset: number): Operand {
    const count = elementCount(shape)
    const values: RealArray = type === 'real' ? new this.#Real(buffer, byteOffset + offset, count) : NO_VALUES
    const indices = type === 'real' ? NO_INDICES : new Int32Array(buffer, byteOffset + offset, count)
    return { shape, type, values, indices }
  }

  #bytesOf({ shape, type }: TensorType): number {
    return elementCount(shape) * (type === 'real' ? this.#Real.BYTES_PER_ELEMENT : INDEX_BYTES)
  }

  #tensor(id: TensorId): TensorType & { readonly name: string } {
    const tensor = this.#program.tensors[id]
    if (tensor === undefined) throw new RangeError(`the program has no tensor ${id}`)
    return tensor
  }
}
