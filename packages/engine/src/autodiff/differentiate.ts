// Symbolic reverse mode: appends the ops that compute the derivative of one number by parameters. Sees the op contract, never a concrete op.
// Source: Griewank and Walther 2008, chapter 3; Baydin et al. 2018.

import type { Node, ProgramNode } from '../core/program.ts'
import type { TensorId } from '../core/tensor.ts'
import type { GradientBuilder, OpAttributes, OpName, ProgramBuilder } from '../ops/index.ts'
import { opOf } from '../ops/index.ts'

export interface DifferentiateRequest {
  /** Forward nodes in order; the last ones compute the seeds' tensors. */
  readonly nodes: readonly ProgramNode[]
  /** Derivative of the loss by each of these tensors, from which the pass starts: the loss itself with a tensor of ones. */
  readonly seeds: ReadonlyMap<TensorId, TensorId>
  /** Tensors to differentiate by. What only leads to others gets no ops at all. */
  readonly by: readonly TensorId[]
}

/**
 * Appends derivative ops to the builder, in reverse order of the forward nodes. Where a tensor is used more than once, its
 * derivatives are summed with `add`.
 * @returns derivative by each tensor of `by` that the seeds depend on
 */
export function differentiate(builder: ProgramBuilder, { nodes, seeds, by }: DifferentiateRequest): ReadonlyMap<TensorId, TensorId> {
  const isNeeded = tensorsThatDependOn(by, nodes)
  const derivatives = new Map(seeds)
  for (const node of nodes.toReversed()) {
    const wants = node.inputs.map((input) => isNeeded.has(input))
    if (!wants.includes(true) || !node.outputs.some((output) => derivatives.has(output))) continue
    const dInputs = applyDerivative(builder, node, derivatives, wants)
    node.inputs.forEach((input, i) => {
      const derivative = dInputs[i]
      if (derivative === null || derivative === undefined || !wants[i]) return
      const sum = derivatives.get(input)
      const [total = derivative] = sum === undefined ? [] : builder.emit('add', [sum, derivative], {}, { origin: node.origin })
      derivatives.set(input, total)
    })
  }
  return new Map(
    by.flatMap((tensor) => {
      const derivative = derivatives.get(tensor)
      return derivative === undefined ? [] : [[tensor, derivative] as const]
    }),
  )
}

function tensorsThatDependOn(sources: readonly TensorId[], nodes: readonly ProgramNode[]): ReadonlySet<TensorId> {
  const dependent = new Set(sources)
  for (const { inputs, outputs } of nodes) {
    if (inputs.some((input) => dependent.has(input))) for (const output of outputs) dependent.add(output)
  }
  return dependent
}

function applyDerivative<K extends OpName>(
  builder: ProgramBuilder,
  { op, inputs, outputs, attributes, origin }: Node<K>,
  derivatives: ReadonlyMap<TensorId, TensorId>,
  wants: readonly boolean[],
): readonly (TensorId | null)[] {
  const { derivative } = opOf(op)
  if (derivative === null) throw new Error(`${origin}: ${op} has no derivative, but a parameter depends on it`)
  const gradientBuilder: GradientBuilder = {
    emit: <B extends OpName>(name: B, operands: readonly TensorId[], options: OpAttributes<B>) =>
      builder.emit(name, operands, options, { origin }),
    type: (tensor) => builder.type(tensor),
  }
  const dOutputs = outputs.map((output) => derivatives.get(output) ?? null)
  return derivative(gradientBuilder, { inputs, outputs, attributes, dOutputs, wants })
}
