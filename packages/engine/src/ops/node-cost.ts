// The cost of nodes, for summaries and estimates.

import type { Node, ProgramNode } from '../core/program.ts'
import type { TensorId, TensorType } from '../core/tensor.ts'
import type { OpName } from './attributes.ts'
import type { Cost } from './op.ts'
import { opOf } from './registry.ts'

/** Cost of one node for the whole batch. */
export function nodeCost(node: ProgramNode, typeOf: (id: TensorId) => TensorType): Cost {
  return costOf(node, typeOf)
}

function costOf<K extends OpName>({ op, inputs, outputs, attributes }: Node<K>, typeOf: (id: TensorId) => TensorType): Cost {
  return opOf(op).cost(inputs.map(typeOf), outputs.map(typeOf), attributes)
}

/** Sum over nodes. */
export function totalCost(nodes: readonly ProgramNode[], typeOf: (id: TensorId) => TensorType): Cost {
  let flops = 0
  let bytes = 0
  for (const node of nodes) {
    const cost = nodeCost(node, typeOf)
    flops += cost.flops
    bytes += cost.bytes
  }
  return { flops, bytes }
}
