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

/** What a layer computes where training differs from evaluation and prediction. Both parts write the same output. */
export interface PhaseSplit {
  readonly training: readonly ProgramNode[]
  readonly inference: readonly ProgramNode[]
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

export interface GraphOutput {
  /** Id of the node, or of the last layer. */
  readonly name: string
  readonly tensor: TensorId
}

export interface Graph {
  readonly batchSize: number
  /** `tensors[i].id` is i. */
  readonly tensors: readonly Tensor[]
  /** In an order in which every input is computed before it is used. */
  readonly nodes: readonly (ProgramNode | PhaseSplit)[]
  readonly parameters: readonly ParameterInfo[]
  /** State that is not learned. */
  readonly buffers: readonly ParameterInfo[]
  /** [seed, step] of type index, from which masks are drawn; null where nothing is drawn. */
  readonly randomKey: TensorId | null
  /** [N, …] */
  readonly input: TensorId
  /** In the order of the specification. */
  readonly outputs: readonly GraphOutput[]
  readonly layers: readonly LayerSummary[]
}

/**
 * The forward pass of training. A layer whose parameters are all fixed keeps its statistics too: it computes what it does in evaluation.
 */
export function trainingNodes({ nodes, parameters }: Graph, isFixed: (parameter: TensorId) => boolean): readonly ProgramNode[] {
  const learned = new Set(parameters.flatMap(({ tensor }) => (isFixed(tensor) ? [] : [tensor])))
  const all = new Set(parameters.map(({ tensor }) => tensor))
  const isFrozen = ({ training }: PhaseSplit) => {
    const read = training.flatMap(({ inputs }) => inputs.filter((input) => all.has(input)))
    return read.length > 0 && !read.some((input) => learned.has(input))
  }
  return nodes.flatMap((node) => ('op' in node ? [node] : isFrozen(node) ? node.inference : node.training))
}

/** The forward pass of evaluation and prediction. */
export function inferenceNodes({ nodes }: Graph): readonly ProgramNode[] {
  return nodes.flatMap((node) => ('op' in node ? [node] : node.inference))
}
