// When a tensor's value is read for the last time in a phase, and which activations follow directly on an op.

import type { ProgramNode } from '../../../core/program.ts'
import type { TensorId } from '../../../core/tensor.ts'
import type { AnyNode } from './step.ts'

export interface Liveness {
  /** Nobody reads the tensor, or an alias of it, after this node. */
  isLastUse(tensor: TensorId, node: AnyNode): boolean
  /** The only node that reads the tensor, or null. */
  onlyUse(tensor: TensorId): ProgramNode | null
  /** The node that computes `output` from `input` is left out: readers of `output` read `input` instead. */
  alias(output: TensorId, input: TensorId): void
}

export function livenessOf(nodes: readonly ProgramNode[]): Liveness {
  const root = new Map<TensorId, TensorId>()
  const rootOf = (tensor: TensorId): TensorId => root.get(tensor) ?? tensor
  const last = new Map<TensorId, number>()
  const positions = new Map<AnyNode, number>(nodes.map((node, position) => [node, position]))
  const uses = new Map<TensorId, ProgramNode[]>()
  nodes.forEach((node, position) => {
    if (node.op === 'reshape') root.set(node.outputs[0]!, rootOf(node.inputs[0]!))
    for (const input of node.inputs) {
      last.set(rootOf(input), position)
      uses.set(input, [...(uses.get(input) ?? []), node])
    }
  })
  return {
    isLastUse: (tensor, node) => last.get(rootOf(tensor)) === positions.get(node),
    onlyUse: (tensor) => {
      const readers = uses.get(tensor) ?? []
      return readers.length === 1 ? readers[0]! : null
    },
    alias: (output, input) => {
      const target = rootOf(input)
      last.set(target, Math.max(last.get(target) ?? 0, last.get(rootOf(output)) ?? 0))
      root.set(output, target)
    },
  }
}
