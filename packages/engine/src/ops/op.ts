// The contract of an op: shapes, derivative, cost, samples. Numbers are the backends' part.

import type { Shape, TensorId, TensorType } from '../core/tensor.ts'
import type { OpAttributes, OpName } from './attributes.ts'

/** Thrown by `infer`; the caller adds where. `hint` says how to fix it. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

/** Emits the ops of a derivative. */
export interface GradientBuilder {
  emit<K extends OpName>(op: K, inputs: readonly TensorId[], attributes: OpAttributes<K>): readonly TensorId[]
  type(tensor: TensorId): TensorType
}

export interface DerivativeContext<A> {
  readonly inputs: readonly TensorId[]
  readonly outputs: readonly TensorId[]
  readonly attributes: A
  /** Derivative of the loss by each output; null where nothing depends on that output. */
  readonly dOutputs: readonly (TensorId | null)[]
  /** Which inputs need a derivative: false for data and for frozen parameters. */
  readonly wants: readonly boolean[]
}

/** Returns the derivative by each input; null where none is wanted or none exists (labels). */
export type Derivative<A> = (builder: GradientBuilder, context: DerivativeContext<A>) => readonly (TensorId | null)[]

export interface OpSample<A> {
  readonly name: string
  readonly inputs: readonly SampleInput[]
  readonly attributes: A
}

export interface SampleInput extends TensorType {
  readonly shape: Shape
  /** Values are drawn from [low, high), seeded by the sample's name; `apart` keeps them that far from 0 (kinks). Index inputs are whole numbers. */
  readonly low?: number
  readonly high?: number
  readonly apart?: number
  /** Distinct values, so that a maximum is unique. */
  readonly distinct?: boolean
}

export interface OpErrorSample<A> {
  readonly inputs: readonly TensorType[]
  readonly attributes: A
  readonly code: string
}

export interface Cost {
  /** Floating point operations; a multiply-add counts two. */
  readonly flops: number
  /** Bytes read and written once each at float32. */
  readonly bytes: number
}

export interface Op<A> {
  /** One line for the generated op table. */
  readonly summary: string
  /** The forward rule in formula form, quoted by the backward op. */
  readonly formula: string
  /** Output types. Throws ShapeError for anything the op cannot take. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[]
  /** null for ops that are themselves derivatives, updates or counts. */
  readonly derivative: Derivative<A> | null
  /** Outputs that only derivatives and updates read: nothing is differentiated through them. Default: none. */
  readonly statistics?: readonly number[]
  /** Inputs that the op changes in place: its outputs are these same tensors, in this order. Default: none. */
  readonly updates?: readonly number[]
  cost(inputs: readonly TensorType[], outputs: readonly TensorType[], attributes: A): Cost
  /** Pairs [output, input] that may share memory when the input is not needed later. */
  readonly inPlace: readonly (readonly [output: number, input: number])[]
  readonly samples: readonly OpSample<A>[]
  readonly errors: readonly OpErrorSample<A>[]
}
