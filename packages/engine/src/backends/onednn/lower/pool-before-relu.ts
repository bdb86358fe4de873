// max-pooling of a ReLU → ReLU of a max-pooling: the same values and derivatives, over a quarter of the elements.
// The maximum commutes with a function that never falls. Where a window has no positive value, its derivative goes to another element,
// but is 0 in both orders.

import type { Node, Program, ProgramNode } from '../../../core/program.ts'
import type { Tensor, TensorId } from '../../../core/tensor.ts'

/** ReLU, pooling and their derivatives, where nothing else reads what lies between them. */
interface Pair {
  readonly relu: Node<'activation'>
  readonly pool: Node<'max_pool2d'>
  /** Both, or none in phases without a backward pass. */
  readonly derivative: { readonly relu: Node<'activation_backward'>; readonly pool: Node<'max_pool2d_backward'> } | null
}

/** A batch normalization takes its ReLU in at no cost: that order stays. */
const TAKES_RELU: ReadonlySet<ProgramNode['op']> = new Set(['batch_norm', 'batch_norm_inference'])

export function poolBeforeRelu(program: Program): Program {
  const tensors: Tensor[] = [...program.tensors]
  const rewritten = (nodes: readonly ProgramNode[]) => rewrite(nodes, pairsOf(nodes, program.tensors), tensors)
  const { train, evaluate, predict } = program.phases
  const phases = { train: rewritten(train), evaluate: rewritten(evaluate), predict: rewritten(predict) }
  return { ...program, phases, tensors }
}

function pairsOf(nodes: readonly ProgramNode[], tensors: readonly Tensor[]): readonly Pair[] {
  const readers = new Map<TensorId, ProgramNode[]>()
  const writers = new Map<TensorId, ProgramNode>()
  for (const node of nodes) {
    for (const id of node.inputs) readers.set(id, [...(readers.get(id) ?? []), node])
    for (const id of node.outputs) writers.set(id, node)
  }
  const readersOf = (id: TensorId) => readers.get(id) ?? []
  return nodes.flatMap((pool): readonly Pair[] => {
    if (pool.op !== 'max_pool2d') return []
    const activated = pool.inputs[0]!
    const relu = writers.get(activated)
    if (relu?.op !== 'activation' || relu.attributes.function !== 'relu' || tensors[activated]!.role !== 'activation') return []
    const before = writers.get(relu.inputs[0]!)
    if (before === undefined || TAKES_RELU.has(before.op)) return []
    const others = readersOf(activated).filter((reader) => reader !== pool)
    if (others.length === 0) return [{ relu, pool, derivative: null }]
    const [dRelu] = others
    if (others.length > 1 || dRelu?.op !== 'activation_backward' || dRelu.inputs[1] !== activated) return []
    const dPool = writers.get(dRelu.inputs[0]!)
    if (dPool?.op !== 'max_pool2d_backward' || dPool.inputs[1] !== pool.outputs[1] || readersOf(dRelu.inputs[0]!).length > 1) return []
    return [{ relu, pool, derivative: { relu: dRelu, pool: dPool } }]
  })
}

/** The second op of each pair moves to the place of the first one's output and back; `tensors` gets what then lies between. */
function rewrite(nodes: readonly ProgramNode[], pairs: readonly Pair[], tensors: Tensor[]): readonly ProgramNode[] {
  const replacement = new Map<ProgramNode, ProgramNode>()
  const between = (like: TensorId): TensorId => {
    const id = tensors.length
    const { shape, type } = tensors[like]!
    tensors.push({ id, shape, type, name: `pooled#${id}`, role: 'activation' })
    return id
  }
  for (const { relu, pool, derivative } of pairs) {
    const [pooled, workspace] = pool.outputs
    const maximum = between(pooled!)
    replacement.set(relu, { ...pool, inputs: relu.inputs, outputs: [maximum, workspace!] })
    replacement.set(pool, { ...relu, inputs: [maximum], outputs: [pooled!] })
    if (derivative === null) continue
    const [dPooled] = derivative.pool.inputs
    const dMaximum = between(dPooled!)
    replacement.set(derivative.pool, { ...derivative.relu, inputs: [dPooled!, pooled!], outputs: [dMaximum] })
    replacement.set(derivative.relu, { ...derivative.pool, inputs: [dMaximum, workspace!], outputs: derivative.relu.outputs })
  }
  return nodes.map((node) => replacement.get(node) ?? node)
}
