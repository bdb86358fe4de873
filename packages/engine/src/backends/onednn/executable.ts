// A lowered program with its memory and compiled primitives. A step is a loop over them and allocates nothing.

import type { Phase, Program } from '../../core/program.ts'
import { elementCount, type TensorId } from '../../core/tensor.ts'
import type { Executable, NumericArray } from '../backend.ts'
import { planArena } from './arena.ts'
import { ARGUMENT, type Binding, type BoundPrimitive } from './binding/binding.ts'
import { allocate, type NativeMemory } from './binding/memory.ts'
import { embed, extract } from './layout/embed.ts'
import { isSameMemory } from './layout/same-memory.ts'
import { isSameShape } from './layout/shapes.ts'
import { lower } from './lower/lower.ts'
import type { PersistentPlacements } from './lower/placements.ts'
import type { Argument, Placement, Slot, SlotViews, Step } from './lower/step.ts'

/** One step ready to run: a primitive, or work in JavaScript. */
export interface CompiledStep {
  readonly label: string
  readonly origin: string
  /** Implementation that the library chose; `javascript` for host steps. */
  readonly implementation: string
  /** Floating point operations; 0 where they are not counted. */
  readonly flops: number
  readonly bound: BoundPrimitive | null
  readonly host: (() => void) | null
}

/** A tensor that can be read and written: directly where its memory is row-major, else by a reorder. */
interface KeptTensor {
  readonly placement: Placement
  readonly rowMajor: Float32Array | Int32Array | null
}

export class OnednnExecutable implements Executable {
  readonly bytes: number
  readonly phases: { readonly [K in Phase]: readonly CompiledStep[] }
  readonly #binding: Binding
  readonly #program: Program
  readonly #memory = new Map<Slot, NativeMemory>()
  readonly #arena: NativeMemory
  readonly #persistent: PersistentPlacements
  readonly #kept: ReadonlyMap<TensorId, KeptTensor>
  readonly #primitives: bigint[] = []
  readonly #memories: bigint[] = []
  /** Native code knows their addresses for a while, which does not keep them from being collected. */
  readonly #lent = new Set<NativeMemory>()
  #isClosed = false

  constructor(binding: Binding, program: Program) {
    this.#binding = binding
    this.#program = program
    const { persistent, phases, owned } = lower(binding, program)
    for (const tensor of program.tensors)
      if (persistent.isPersistent(tensor.id) && !isSegment(program, tensor.id)) persistent.placement(tensor.id)
    for (const segment of program.segments) persistent.segment(segment.tensor)
    this.#persistent = persistent
    const plans = { train: planArena(phases.train), evaluate: planArena(phases.evaluate), predict: planArena(phases.predict) }
    this.#arena = allocate(Math.max(...Object.values(plans).map((plan) => plan.bytes)))
    const compile = (phase: Phase) => phases[phase].flatMap((step) => this.#compile(step, plans[phase].offsets) ?? [])
    this.phases = { train: compile('train'), evaluate: compile('evaluate'), predict: compile('predict') }
    this.#kept = new Map([...persistent.all].map(([tensor, placement]) => [tensor, this.#keep(tensor, placement)]))
    for (const primitive of owned) binding.releaseDescriptor(primitive)
    this.bytes = this.#arena.bytes.length + [...this.#memory.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  run(phase: Phase): void {
    this.#requireOpen()
    const binding = this.#binding
    for (const step of this.phases[phase]) {
      if (step.bound !== null) binding.execute(step.bound)
      else step.host?.()
    }
  }

  /** Runs one step of a phase; for profiles. */
  runStep(step: CompiledStep): void {
    if (step.bound !== null) this.#binding.execute(step.bound)
    else step.host?.()
  }

  write(tensor: TensorId, values: NumericArray): void {
    const { placement, rowMajor } = this.#checked(tensor, values)
    if (rowMajor !== null) {
      rowMajor.set(values)
      return
    }
    const stored = new Float32Array(elementCount(placement.dimensions))
    embed(values, placement.logical, placement.dimensions, stored)
    this.#copy(placement, stored, 'in')
  }

  read(tensor: TensorId, into: NumericArray): void {
    const { placement, rowMajor } = this.#checked(tensor, into)
    if (rowMajor !== null) {
      into.set(rowMajor)
      return
    }
    const stored = new Float32Array(elementCount(placement.dimensions))
    this.#copy(placement, stored, 'out')
    extract(stored, placement.logical, placement.dimensions, into)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const primitive of this.#primitives) this.#binding.releasePrimitive(primitive)
    for (const memory of this.#memories) this.#binding.releaseMemory(memory)
    this.#memory.clear()
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new Error('onednn: the executable is closed. Compile the program again.')
  }

  #checked(tensor: TensorId, values: NumericArray): KeptTensor {
    this.#requireOpen()
    const { name, shape, role } = this.#program.tensors[tensor]!
    const kept = this.#kept.get(tensor)
    if (kept === undefined)
      throw new Error(`onednn: tensor "${name}" is an ${role}, whose memory is shared. Only other roles can be read or written.`)
    if (values.length !== elementCount(shape)) {
      throw new RangeError(
        `onednn: tensor "${name}" got ${values.length} values, expected ${elementCount(shape)} for shape [${shape.join(', ')}].`,
      )
    }
    return kept
  }

  #keep(tensor: TensorId, placement: Placement): KeptTensor {
    const isReal = this.#program.tensors[tensor]!.type === 'real'
    const { descriptor, dimensions, logical, slot } = placement
    const plain = this.#binding.descriptor(dimensions, isReal ? 'f32' : 's32', 'plain')
    const isRowMajor = isSameShape(dimensions, logical) && isSameMemory(this.#binding, descriptor, plain)
    const views = this.#views(new Map())
    return { placement, rowMajor: !isRowMajor ? null : isReal ? views.real(slot) : views.index(slot) }
  }

  /** One reorder between row-major values and a placement. Only for parameters and slots, outside of steps. */
  #copy({ slot, descriptor, dimensions }: Placement, values: Float32Array, direction: 'in' | 'out'): void {
    const binding = this.#binding
    const plain = binding.descriptor(dimensions, 'f32', 'plain')
    const [from, to] = direction === 'in' ? [plain, descriptor] : [descriptor, plain]
    const staging = allocate(values.byteLength)
    this.#lent.add(staging)
    const staged = new Float32Array(staging.bytes.buffer, staging.bytes.byteOffset, values.length)
    if (direction === 'in') staged.set(values)
    const reorder = binding.reorder(from, to)
    if (reorder === null) throw new Error('onednn: no reorder between a parameter and row-major memory')
    const primitive = binding.compile(reorder)
    const memories = [binding.memory(plain, staging.address), binding.memory(descriptor, this.#address(slot))] as const
    const [source, destination] = direction === 'in' ? memories : [memories[1], memories[0]]
    binding.execute(
      binding.bind(primitive, [
        [ARGUMENT.source, source],
        [ARGUMENT.destination, destination],
      ]),
    )
    for (const memory of memories) binding.releaseMemory(memory)
    binding.releasePrimitive(primitive)
    binding.releaseDescriptor(reorder)
    if (direction === 'out') values.set(staged)
    this.#lent.delete(staging)
  }

  /** @returns null where nothing is left to do at each run */
  #compile(step: Step, offsets: ReadonlyMap<Slot, number>): CompiledStep | null {
    const { label, origin } = step
    if (step.kind === 'host') {
      const host = step.create(this.#views(offsets))
      return host && { label, origin, implementation: 'javascript', flops: 0, bound: null, host }
    }
    const primitive = this.#binding.compile(step.primitive)
    this.#primitives.push(primitive)
    const bound = this.#binding.bind(
      primitive,
      step.arguments.map((argument) => [argument.number, this.#describe(argument, offsets)] as const),
    )
    return { label, origin, implementation: this.#binding.implementation(step.primitive), flops: step.flops, bound, host: null }
  }

  #describe({ slot, descriptor }: Argument, offsets: ReadonlyMap<Slot, number>): bigint {
    const memory = this.#binding.memory(descriptor, this.#address(slot, offsets))
    this.#memories.push(memory)
    return memory
  }

  #views(offsets: ReadonlyMap<Slot, number>): SlotViews {
    return {
      real: (slot) => {
        const { buffer, byteOffset } = this.#bytes(slot, offsets)
        return new Float32Array(buffer, byteOffset, slot.bytes / 4)
      },
      index: (slot) => {
        const { buffer, byteOffset } = this.#bytes(slot, offsets)
        return new Int32Array(buffer, byteOffset, slot.bytes / 4)
      },
    }
  }

  /** Memory that holds a slot, and where in it. */
  #locate(slot: Slot, offsets: ReadonlyMap<Slot, number>): { memory: NativeMemory; offset: number } {
    if (slot.home === 'arena') return { memory: this.#arena, offset: offsets.get(slot)! }
    if (slot.home === 'own') return { memory: this.#own(slot), offset: 0 }
    return { memory: this.#own(this.#persistent.segment(slot.home.segment)), offset: this.#persistent.offset(slot) }
  }

  #own(slot: Slot): NativeMemory {
    const known = this.#memory.get(slot)
    if (known !== undefined) return known
    const memory = allocate(slot.bytes)
    this.#memory.set(slot, memory)
    return memory
  }

  #address(slot: Slot, offsets: ReadonlyMap<Slot, number> = new Map()): bigint {
    const { memory, offset } = this.#locate(slot, offsets)
    return memory.address + BigInt(offset)
  }

  #bytes(slot: Slot, offsets: ReadonlyMap<Slot, number> = new Map()): { buffer: ArrayBuffer; byteOffset: number } {
    const { memory, offset } = this.#locate(slot, offsets)
    return { buffer: memory.bytes.buffer, byteOffset: memory.bytes.byteOffset + offset }
  }
}

function isSegment(program: Program, tensor: TensorId): boolean {
  return program.segments.some((segment) => segment.tensor === tensor)
}
