// A built graph: the forward ops of a model for one batch size, with what became of its layers. Made by the layers, read by autodiff and planner.

import type { Initializer } from '../initializers/initializer.ts'
import type { ProgramNode } from './program.ts'
import type { Shape, Tensor, TensorId } from './tensor.ts'

export interface ParameterInfo {
  readonly tensor: TensorId
  /** `<layer id>.<last part>`, as in PyTorch: `conv1.weight`. */
  readonly name: string
  readonly shape: Shape
  readonly initializer: Initializer
}

export interface LayerSummary {
  /** Path in the specification: `layers[0]`. */
  readonly path: string
  readonly id: string
  readonly type: string
  /** Output shape without the batch. */
  readonly output: Shape
  readonly parameters: number
  /** Forward floating point operations for one row. */
  readonly flops: number
}

export interface Graph {
  readonly batchSize: number
  /** `tensors[i].id` is i. */
  readonly tensors: readonly Tensor[]
  /** In an order in which every input is computed before it is used. */
  readonly nodes: readonly ProgramNode[]
  readonly parameters: readonly ParameterInfo[]
  /** State that is not learned. */
  readonly buffers: readonly ParameterInfo[]
  /** [N, …] */
  readonly input: TensorId
  readonly output: TensorId
  readonly layers: readonly LayerSummary[]
}
