// What a layer is: configuration, and how it becomes ops and parameters. Shapes and derivatives are the ops' part.

import type { z } from 'zod'
import type { Shape, TensorId, TensorType } from '../core/tensor.ts'
import type { Initializer } from '../initializers/index.ts'
import type { OpAttributes, OpName } from '../ops/registry.ts'

/** Emits the ops and parameters of one layer. Shapes are inferred at once: ShapeError where something does not fit. */
export interface LayerBuilder {
  emit<K extends OpName>(op: K, inputs: readonly TensorId[], attributes: OpAttributes<K>): readonly TensorId[]
  type(tensor: TensorId): TensorType
  /** Declares a parameter of the layer; `name` is its last part: `weight`. */
  parameter(name: string, shape: Shape, initializer: Initializer): TensorId
  /** Declares state that is not learned, saved with the model: `running_mean`. */
  buffer(name: string, shape: Shape, initializer: Initializer): TensorId
  /** An op that changes buffers: its outputs are tensors that exist already. */
  update<K extends OpName>(op: K, inputs: readonly TensorId[], outputs: readonly TensorId[], attributes: OpAttributes<K>): void
  /**
   * For layers that behave otherwise outside of training: training computes what `training` emits; evaluation and prediction compute the
   * same tensor with one other op. Returns that tensor.
   */
  inInference<K extends OpName>(training: () => TensorId, op: K, inputs: readonly TensorId[], attributes: OpAttributes<K>): TensorId
  /** What a layer draws masks with: the key that changes from step to step, and the layer's own stream. */
  randomness(): { readonly key: TensorId; readonly stream: number }
}

export interface LayerSample<C> {
  readonly name: string
  readonly config: C
  /** Without the batch. */
  readonly inputs: readonly Shape[]
  /** Computed by hand, without the batch. */
  readonly output: Shape
  readonly parameters: number
}

export interface LayerErrorSample<C> {
  readonly config: C
  readonly inputs: readonly Shape[]
  readonly code: string
}

export interface Layer<S extends z.ZodObject = z.ZodObject> {
  readonly summary: string
  /** Strict, with the literal `type` and an optional `id`. */
  readonly config: S
  /** Start of default ids: `conv` gives conv1, conv2 … */
  readonly idPrefix: string
  /** How many inputs it takes. */
  readonly arity: readonly [min: number, max: number]
  /** Dimensions of each input without the batch; null for any. */
  readonly inputRank: number | null
  /** Returns the layer's output. */
  build(builder: LayerBuilder, inputs: readonly [TensorId, ...TensorId[]], config: z.output<S>): TensorId
  readonly samples: readonly LayerSample<z.input<S>>[]
  readonly errors: readonly LayerErrorSample<z.input<S>>[]
}

/** Binds the configuration type of one layer. */
export function defineLayer<S extends z.ZodObject>(layer: Layer<S>): Layer<S> {
  return layer
}

/** The one output of an op. */
export function single(outputs: readonly TensorId[]): TensorId {
  const [output] = outputs
  if (output === undefined) throw new Error('the op has no output')
  return output
}
