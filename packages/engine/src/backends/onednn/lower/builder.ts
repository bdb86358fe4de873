// Lowers one phase: keeps where every tensor lies, inserts reorders where layouts differ, and collects steps.

import type { Phase, ProgramNode } from '../../../core/program.ts'
import type { Tensor, TensorId } from '../../../core/tensor.ts'
import { nodeCost } from '../../../ops/node-cost.ts'
import {
  ARGUMENT,
  type ArgumentName,
  type Binding,
  type Descriptor,
  type Normalization,
  type PrimitiveDescriptor,
  type Propagation,
} from '../binding/binding.ts'
import { isSameMemory } from '../layout/same-memory.ts'
import { isSameShape } from '../layout/shapes.ts'
import { type Liveness, livenessOf } from './liveness.ts'
import { type Form, type PersistentPlacements, plainOf } from './placements.ts'
import type { AnyNode, Argument, HostStep, Placement, Slot, Step } from './step.ts'

/** An input of a primitive: a tensor in the layout that the primitive wants, or memory as it is. */
export type Read = readonly [name: ArgumentName, tensor: TensorId, wanted: Form] | Argument

/** An output of a primitive and the layout in which it comes. `over` names an input whose memory it may take. */
export interface Write {
  readonly name: ArgumentName
  readonly tensor: TensorId
  readonly form: Form
  readonly over?: TensorId
}

/** A tensor's numbers in one layout. */
interface Copy {
  readonly descriptor: Descriptor
  readonly slot: Slot
}

/** What a max-pooling leaves for its derivative. */
export interface PoolingRecord {
  readonly forward: PrimitiveDescriptor
  readonly source: Form
  readonly destination: Form
}

/** What a batch normalization leaves for its derivative. */
export interface NormRecord {
  readonly forward: PrimitiveDescriptor
  readonly source: Form
  readonly normalization: Normalization
  /** Where the ReLU that it took in was positive. */
  readonly mask: Argument | null
  /** Output of that ReLU. */
  readonly activated: TensorId | null
}

export class PhaseBuilder {
  readonly steps: Step[] = []
  readonly liveness: Liveness
  readonly pools = new Map<TensorId, PoolingRecord>()
  /** Masks of dropout that were drawn, by what decides them; the first of each is row-major. */
  readonly masks = new Map<string, readonly Copy[]>()
  /** Layout of the input that each dense layer's weights were chosen for. */
  readonly denseSources = new Map<TensorId, Descriptor>()
  /** By the tensor of inverse standard deviations. */
  readonly norms = new Map<TensorId, NormRecord>()
  /** The variance behind each tensor of inverse standard deviations. */
  readonly variances = new Map<TensorId, Argument>()
  /** Derivatives that nothing computes, since a batch normalization masks the second tensor itself. */
  readonly unmasked = new Map<TensorId, TensorId>()
  /** Layout of the input of each average pooling, by origin. */
  readonly averageSources = new Map<string, Form>()
  /** Nodes that an earlier node has taken into its primitive. */
  readonly fused = new Set<AnyNode>()
  readonly #placements = new Map<TensorId, Placement>()
  readonly #copies = new Map<TensorId, Copy[]>()
  /** Operations of the node being lowered that no step has been given yet. */
  #flops = 0

  constructor(
    readonly phase: Phase,
    readonly nodes: readonly ProgramNode[],
    readonly persistent: PersistentPlacements,
    readonly padded: ReadonlyMap<TensorId, number>,
    readonly owned: PrimitiveDescriptor[],
  ) {
    this.liveness = livenessOf(nodes)
  }

  get binding(): Binding {
    return this.persistent.binding
  }

  get propagation(): Propagation {
    return this.phase === 'train' ? 'training' : 'inference'
  }

  tensor(id: TensorId): Tensor {
    return this.persistent.program.tensors[id]!
  }

  /** The shape in memory: padded channels included. */
  stored(id: TensorId): readonly number[] {
    const { shape } = this.tensor(id)
    const channels = this.padded.get(id)
    return channels === undefined ? shape : [shape[0]!, channels, ...shape.slice(2)]
  }

  /** Where a tensor that was written before lies. */
  placement(id: TensorId): Placement {
    if (this.persistent.isPersistent(id)) return this.persistent.placement(id)
    const placement = this.#placements.get(id)
    if (placement === undefined) throw new Error(`tensor "${this.tensor(id).name}" is read before it is written`)
    return placement
  }

  /** A form of the tensor's own shape in a given layout. */
  form(id: TensorId, descriptor: Descriptor): Form {
    return { descriptor, dimensions: this.stored(id), logical: this.tensor(id).shape }
  }

  plain(id: TensorId): Form {
    const { shape, type } = this.tensor(id)
    const dimensions = shape.length === 0 ? [1] : shape
    return { descriptor: this.binding.descriptor(dimensions, type === 'real' ? 'f32' : 's32', 'plain'), dimensions, logical: dimensions }
  }

  /** As the tensor lies; row-major where it lies as an image that was flattened. */
  formOf(id: TensorId): Form {
    const { slot: _, ...form } = this.placement(id)
    return form.dimensions.length === Math.max(1, this.tensor(id).shape.length) ? form : this.plain(id)
  }

  /** Memory for the current phase only. */
  scratch(bytes: number): Slot {
    return { bytes, home: 'arena' }
  }

  /** The tensor in the wanted layout; reordered at most once. */
  read(id: TensorId, wanted: Form): Slot {
    const placement = this.placement(id)
    if (isSameShape(placement.dimensions, wanted.dimensions)) return this.#inLayout(id, placement, wanted.descriptor)
    const own = plainOf(this.binding, placement)
    const other = plainOf(this.binding, wanted)
    if (own === null || other === null)
      throw new Error(`tensor "${this.tensor(id).name}" has padded channels that its reader does not know`)
    const slot = this.#inLayout(id, placement, own)
    return this.#reordered(id, { ...placement, slot, descriptor: other, dimensions: wanted.dimensions }, wanted.descriptor)
  }

  /** The tensor's values in row-major order. */
  readPlain(id: TensorId): Slot {
    return this.read(id, this.plain(id))
  }

  /** The node that the next steps compute. */
  begin(node: ProgramNode): void {
    this.#flops = nodeCost(node, (id) => this.tensor(id)).flops
  }

  /** Adds a primitive. Takes over the descriptor. */
  primitive(node: AnyNode, label: string, primitive: PrimitiveDescriptor, reads: readonly Read[], writes: readonly Write[]): void {
    this.own(primitive)
    const inputs = reads.map((read): Argument => {
      if ('slot' in read) return read
      const [name, tensor, wanted] = read
      return { number: ARGUMENT[name], slot: this.read(tensor, wanted), descriptor: wanted.descriptor }
    })
    const targets = writes.map((write) => ({ write, slot: this.#target(node, write) }))
    const outputs = targets.map(({ write, slot }): Argument => ({ number: ARGUMENT[write.name], slot, descriptor: write.form.descriptor }))
    this.#push(node, label, primitive, [...inputs, ...outputs])
    for (const { write, slot } of targets) this.#settle(write, slot)
  }

  /** Adds a step over slots that the caller placed itself. Takes over the descriptor. */
  raw(node: AnyNode, label: string, primitive: PrimitiveDescriptor, args: readonly Argument[]): void {
    this.#push(node, label, this.own(primitive), args)
  }

  host(node: AnyNode, slots: readonly Slot[], create: HostStep['create']): void {
    this.steps.push({ kind: 'host', label: node.op, origin: node.origin, slots, create })
  }

  /** Memory of one value, filled when the program is compiled: nothing may write it. */
  constant(node: AnyNode, bytes: number, value: number): Slot {
    const slot: Slot = { bytes, home: 'own' }
    this.host(node, [slot], ({ real }) => {
      real(slot).fill(value)
      return null
    })
    return slot
  }

  /** Memory in row-major order that a host step fills; to be called before the step is added. */
  writePlain(id: TensorId): Slot {
    return this.write(id, this.plain(id))
  }

  /** As `writePlain`, in another form. */
  write(id: TensorId, form: Form): Slot {
    if (this.persistent.isPersistent(id)) {
      const { slot, descriptor } = this.persistent.placement(id)
      if (!isSameMemory(this.binding, descriptor, form.descriptor))
        throw new Error(`tensor "${this.tensor(id).name}" lies in another layout`)
      return slot
    }
    return this.assign(id, { ...form, slot: this.scratch(this.binding.size(form.descriptor)) })
  }

  /** States where a tensor lies from now on. */
  assign(id: TensorId, placement: Placement): Slot {
    this.#copies.delete(id)
    this.#placements.set(id, placement)
    return placement.slot
  }

  /** The tensor was changed in place: copies in other layouts are stale. */
  forgetCopies(id: TensorId): void {
    this.#copies.delete(id)
  }

  /** Keeps a descriptor until the program is compiled. */
  own(primitive: PrimitiveDescriptor): PrimitiveDescriptor {
    this.owned.push(primitive)
    return primitive
  }

  /** Nothing reads the tensor's memory after the node. */
  mayOverwrite(node: AnyNode, over: TensorId): boolean {
    return !this.persistent.isPersistent(over) && this.placement(over).slot.home === 'arena' && this.liveness.isLastUse(over, node)
  }

  /** The first primitive of a node counts as all of it. */
  #push({ origin }: AnyNode, label: string, primitive: PrimitiveDescriptor, args: readonly Argument[]): void {
    this.steps.push({ kind: 'primitive', label, origin, primitive, arguments: args, flops: this.#flops })
    this.#flops = 0
  }

  #inLayout(id: TensorId, placement: Placement, wanted: Descriptor): Slot {
    return isSameMemory(this.binding, placement.descriptor, wanted) ? placement.slot : this.#reordered(id, placement, wanted)
  }

  #reordered(id: TensorId, from: Placement, wanted: Descriptor): Slot {
    if (isSameMemory(this.binding, from.descriptor, wanted)) return from.slot
    const copies = this.#copies.get(id) ?? []
    const known = copies.find((copy) => this.binding.equal(copy.descriptor, wanted))
    if (known !== undefined) return known.slot
    const slot = this.scratch(this.binding.size(wanted))
    this.reorder(this.tensor(id).name, from.slot, from.descriptor, slot, wanted)
    this.#copies.set(id, [...copies, { descriptor: wanted, slot }])
    return slot
  }

  /** Copies between layouts. */
  reorder(name: string, from: Slot, source: Descriptor, to: Slot, destination: Descriptor): void {
    const primitive = this.binding.reorder(source, destination)
    if (primitive === null) throw new Error(`oneDNN has no reorder for "${name}"`)
    this.own(primitive)
    const args: Argument[] = [
      { number: ARGUMENT.source, slot: from, descriptor: source },
      { number: ARGUMENT.destination, slot: to, descriptor: destination },
    ]
    this.steps.push({ kind: 'primitive', label: `reorder ${name}`, origin: '', primitive, arguments: args, flops: 0 })
  }

  #target(node: AnyNode, { tensor, form, over }: Write): Slot {
    if (this.persistent.isPersistent(tensor)) {
      const fixed = this.persistent.placement(tensor)
      if (isSameShape(fixed.dimensions, form.dimensions) && isSameMemory(this.binding, fixed.descriptor, form.descriptor)) return fixed.slot
    } else if (over !== undefined && this.mayOverwrite(node, over)) {
      const slot = this.read(over, form)
      if (slot.bytes >= this.binding.size(form.descriptor)) return slot
    }
    return this.scratch(this.binding.size(form.descriptor))
  }

  /** After a write: an activation lies where it was written; a tensor with a fixed place is reordered there. */
  #settle({ tensor, form }: Write, slot: Slot): void {
    if (!this.persistent.isPersistent(tensor)) {
      this.assign(tensor, { ...form, slot })
      return
    }
    this.#copies.delete(tensor)
    const fixed = this.persistent.placement(tensor)
    if (slot === fixed.slot) return
    const { name } = this.tensor(tensor)
    if (isSameShape(fixed.dimensions, form.dimensions)) {
      this.reorder(name, slot, form.descriptor, fixed.slot, fixed.descriptor)
      return
    }
    const plain = plainOf(this.binding, form)
    const own = plainOf(this.binding, fixed)
    if (plain === null || own === null || !isSameMemory(this.binding, own, fixed.descriptor))
      throw new Error(`"${name}" comes in a shape that does not fit its place`)
    this.reorder(name, slot, form.descriptor, fixed.slot, plain)
  }
}
