// Where intermediate values lie: liveness, views, ops in place, offsets in one arena. Knows sizes only, so every backend can use it.

import type { ProgramNode } from '../core/program.ts'
import type { Tensor, TensorId } from '../core/tensor.ts'
import { opOf } from '../ops/index.ts'

export interface MemoryRequest {
  /** One phase of a program. */
  readonly nodes: readonly ProgramNode[]
  readonly tensors: readonly Tensor[]
  /** Size as the backend stores it. */
  bytesOf(tensor: TensorId): number
  /** Offsets are multiples of it. Default 64, a cache line. */
  readonly alignment?: number
}

/** Memory of an activation: a place in the arena, or (for a reshape of an input or parameter) the memory of that tensor. */
export type Place = { readonly kind: 'arena'; readonly offset: number } | { readonly kind: 'alias'; readonly of: TensorId }

export interface MemoryPlan {
  /** Places of all activations that the phase touches. Tensors of other roles keep memory of their own. */
  readonly places: ReadonlyMap<TensorId, Place>
  readonly arenaBytes: number
}

/** Tensors that share one piece of memory, with the nodes between which it must not be given away. */
interface Block {
  /** A tensor outside of the arena that the block is a view of. */
  readonly root: TensorId | null
  readonly bytes: number
  readonly first: number
  last: number
  offset: number
}

/**
 * Plans one phase. A reshape is a view of its input; an op runs in place where its contract allows and nothing reads the
 * input later; all other blocks get the lowest offset that is free over their life, the largest first.
 * @throws Error when a node reads an activation that no node before it computes
 */
export function planMemory({ nodes, tensors, bytesOf, alignment = 64 }: MemoryRequest): MemoryPlan {
  const lastUse = lastUses(nodes)
  const blocks = new Map<TensorId, Block>()
  const isActivation = (id: TensorId) => tensors[id]?.role === 'activation'
  const blockOf = (id: TensorId, node: ProgramNode): Block => {
    const block = blocks.get(id)
    if (block !== undefined) return block
    if (isActivation(id)) throw new Error(`${node.origin}: ${node.op} reads ${tensors[id]?.name}, which nothing computes before it`)
    const outside: Block = { root: id, bytes: bytesOf(id), first: -1, last: nodes.length, offset: 0 }
    blocks.set(id, outside)
    return outside
  }
  nodes.forEach((node, index) => {
    const inputs = node.inputs.map((input) => blockOf(input, node))
    const taken = new Set<Block>()
    node.outputs.forEach((output, position) => {
      if (!isActivation(output)) return
      const last = Math.max(index, lastUse.get(output) ?? index)
      const shared = node.op === 'reshape' ? inputs[0] : inPlaceBlock(node, position, inputs, index, bytesOf(output), taken)
      const block = shared ?? { root: null, bytes: bytesOf(output), first: index, last, offset: 0 }
      block.last = Math.max(block.last, last)
      taken.add(block)
      blocks.set(output, block)
    })
  })
  const own = new Set([...blocks.values()].filter((block) => block.root === null))
  const arenaBytes = assignOffsets([...own], alignment)
  const places = new Map<TensorId, Place>()
  for (const [id, { root, offset }] of blocks) {
    if (isActivation(id)) places.set(id, root === null ? { kind: 'arena', offset } : { kind: 'alias', of: root })
  }
  return { places, arenaBytes }
}

/** Index of the last node that reads each tensor. */
function lastUses(nodes: readonly ProgramNode[]): ReadonlyMap<TensorId, number> {
  const last = new Map<TensorId, number>()
  nodes.forEach(({ inputs }, index) => {
    for (const input of inputs) last.set(input, index)
  })
  return last
}

/** The memory of an input that dies here and that the op may overwrite with this output. */
function inPlaceBlock(
  node: ProgramNode,
  output: number,
  inputs: readonly Block[],
  index: number,
  bytes: number,
  taken: ReadonlySet<Block>,
): Block | undefined {
  for (const [to, from] of opOf(node.op).inPlace) {
    const block = inputs[from]
    if (to !== output || block === undefined || block.root !== null || taken.has(block)) continue
    const isReadOtherwise = inputs.some((other, position) => other === block && position !== from)
    if (block.last === index && block.bytes === bytes && !isReadOtherwise) return block
  }
  return undefined
}

/** Greedy by size (Pisarchyk and Lee 2020): near the optimum on real networks, and the same every time. */
function assignOffsets(blocks: readonly Block[], alignment: number): number {
  const placed: Block[] = []
  let end = 0
  for (const block of blocks.toSorted((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    let offset = 0
    for (const other of placed) {
      const isAlive = other.first <= block.last && block.first <= other.last
      if (isAlive && other.offset < offset + block.bytes) offset = Math.max(offset, alignUp(other.offset + other.bytes, alignment))
    }
    block.offset = offset
    placed.splice(insertionPoint(placed, offset), 0, block)
    end = Math.max(end, offset + block.bytes)
  }
  return alignUp(end, alignment)
}

/** Keeps `placed` sorted by offset. */
function insertionPoint(placed: readonly Block[], offset: number): number {
  let low = 0
  let high = placed.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((placed[middle]?.offset ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
