// Tensors that outlive a phase: parameters, gradients and optimizer slots in their segments, inputs, outputs, buffers.

import type { Program } from '../../../core/program.ts'
import type { Tensor, TensorId, TensorRole } from '../../../core/tensor.ts'
import type { Binding, Descriptor } from '../binding/binding.ts'
import { alignUp } from '../binding/memory.ts'
import { isSameShape } from '../layout/shapes.ts'
import { type Correspondence, correspondenceOf } from './correspondence.ts'
import type { Placement, Slot } from './step.ts'

const LIVES_IN_ARENA: { readonly [K in TensorRole]: boolean } = {
  input: false,
  parameter: false,
  buffer: false,
  slot: false,
  gradient: false,
  output: false,
  activation: true,
}

/** Layout, stored dimensions and logical dimensions of a tensor that has no slot yet. */
export type Form = Omit<Placement, 'slot'>

export class PersistentPlacements {
  readonly correspondence: Correspondence
  readonly #forms = new Map<TensorId, Form>()
  readonly #placements = new Map<TensorId, Placement>()
  readonly #segments = new Map<TensorId, Slot>()
  readonly #offsets = new Map<Slot, number>()
  readonly #segmentTensors: ReadonlySet<TensorId>

  constructor(
    readonly binding: Binding,
    readonly program: Program,
  ) {
    this.correspondence = correspondenceOf(program)
    this.#segmentTensors = new Set(program.segments.map((segment) => segment.tensor))
  }

  isPersistent(tensor: TensorId): boolean {
    return !LIVES_IN_ARENA[this.#tensor(tensor).role]
  }

  isDecided(tensor: TensorId): boolean {
    return this.#forms.has(this.correspondence.leaderOf(tensor))
  }

  /** Fixes the layout of a tensor and all that correspond to it. The first decision holds. */
  decide(tensor: TensorId, form: Form): void {
    const leader = this.correspondence.leaderOf(tensor)
    if (!this.#forms.has(leader)) this.#forms.set(leader, form)
  }

  /** Layout of a tensor; row-major where nothing has decided otherwise. */
  form(tensor: TensorId): Form {
    const leader = this.correspondence.leaderOf(tensor)
    const decided = this.#forms.get(leader) ?? this.#plain(tensor)
    this.#forms.set(leader, decided)
    return decided
  }

  /** Fixes the tensor's layout. Its address, if it is a segment's member, is known once all members are fixed. */
  placement(tensor: TensorId): Placement {
    const known = this.#placements.get(tensor)
    if (known !== undefined) return known
    const form = this.form(tensor)
    const segment = this.correspondence.segmentOf(tensor)
    const slot: Slot = { bytes: this.binding.size(form.descriptor), home: segment === null ? 'own' : { segment } }
    const placement = { ...form, slot }
    this.#placements.set(tensor, placement)
    return placement
  }

  /** Memory of a whole segment, or of a single tensor that an update acts on. Fixes the layout of all members. */
  segment(tensor: TensorId): Slot {
    if (!this.#segmentTensors.has(tensor)) return this.placement(tensor).slot
    const known = this.#segments.get(tensor)
    if (known !== undefined) return known
    let bytes = 0
    for (const member of this.correspondence.membersOf(tensor)) {
      const { slot } = this.placement(member)
      this.#offsets.set(slot, bytes)
      bytes += alignUp(slot.bytes)
    }
    const slot: Slot = { bytes, home: 'own' }
    this.#segments.set(tensor, slot)
    return slot
  }

  /** Where a member lies in its segment, in bytes. */
  offset(member: Slot): number {
    return this.#offsets.get(member)!
  }

  get all(): ReadonlyMap<TensorId, Placement> {
    return this.#placements
  }

  #plain(tensor: TensorId): Form {
    const { shape, type } = this.#tensor(tensor)
    const dimensions = shape.length === 0 ? [1] : shape
    return { descriptor: this.binding.descriptor(dimensions, type === 'real' ? 'f32' : 's32', 'plain'), dimensions, logical: dimensions }
  }

  #tensor(tensor: TensorId): Tensor {
    return this.program.tensors[tensor]!
  }
}

/** The layout in which a form's values are row-major, or null where padding keeps them apart. */
export function plainOf(binding: Binding, form: Form): Descriptor | null {
  return isSameShape(form.dimensions, form.logical) ? binding.descriptor(form.logical, 'f32', 'plain') : null
}
