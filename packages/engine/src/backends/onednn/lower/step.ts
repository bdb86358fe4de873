// What a phase becomes before memory is placed: steps over slots. Pure data but for the primitive descriptors.

import type { ProgramNode } from '../../../core/program.ts'
import type { TensorId } from '../../../core/tensor.ts'
import type { Descriptor, PrimitiveDescriptor } from '../binding/binding.ts'

/** What steps and liveness see of a program node, whatever its op. */
export type AnyNode = Pick<ProgramNode, 'op' | 'inputs' | 'outputs' | 'origin'>

/** Memory that steps name before it has an address. */
export interface Slot {
  readonly bytes: number
  /** `arena`: shared by liveness within a phase; `own`: kept over phases; else part of a segment, named by its tensor. */
  readonly home: 'arena' | 'own' | { readonly segment: TensorId }
}

/** Where a tensor lies: `dimensions` are the stored ones, `logical` those of the values inside of them, at the origin. */
export interface Placement {
  readonly slot: Slot
  readonly descriptor: Descriptor
  readonly dimensions: readonly number[]
  readonly logical: readonly number[]
}

export interface Argument {
  /** Execution argument of the C interface. */
  readonly number: number
  readonly slot: Slot
  readonly descriptor: Descriptor
}

interface Named {
  readonly label: string
  /** Path in the specification, for profiles. */
  readonly origin: string
}

export interface PrimitiveStep extends Named {
  readonly kind: 'primitive'
  /** Floating point operations of the op that it computes; 0 for what is done around it, such as reorders. */
  readonly flops: number
  readonly primitive: PrimitiveDescriptor
  readonly arguments: readonly Argument[]
}

export type SlotViews = { readonly real: (slot: Slot) => Float32Array; readonly index: (slot: Slot) => Int32Array }

/** Work in JavaScript on plain memory: losses, counts, scalars. `create` runs once, after memory is placed; null: that was all of it. */
export interface HostStep extends Named {
  readonly kind: 'host'
  readonly slots: readonly Slot[]
  readonly create: (views: SlotViews) => (() => void) | null
}

export type Step = PrimitiveStep | HostStep

export function slotsOf(step: Step): readonly Slot[] {
  return step.kind === 'host' ? step.slots : step.arguments.map(({ slot }) => slot)
}
