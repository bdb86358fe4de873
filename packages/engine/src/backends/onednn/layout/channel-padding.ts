// Which activations get extra zero channels, so that vector kernels need no tails: 6 channels are stored as 8.

import type { ProgramNode } from '../../../core/program.ts'
import type { Tensor, TensorId } from '../../../core/tensor.ts'
import type { ActivationFunction, OpName } from '../../../ops/attributes.ts'

/** Floats in an AVX2 register, and the channel block of oneDNN's layouts there. Measured: max-pooling of 6 channels takes 3× as long as of 8. */
const CHANNEL_BLOCK = 8

/** Functions with f(0) = 0: they keep the extra channels zero. */
const KEEPS_ZERO: { readonly [K in ActivationFunction]: boolean } = {
  relu: true,
  leaky_relu: true,
  tanh: true,
  elu: true,
  gelu: true,
  silu: true,
  sigmoid: false,
  softplus: false,
}

/** Ops whose lowering takes and gives padded channels. */
const TAKES_PADDING: { readonly [K in OpName]?: (node: ProgramNode) => boolean } = {
  conv2d: hasOneGroup,
  conv2d_backward_data: hasOneGroup,
  conv2d_backward_weight: hasOneGroup,
  max_pool2d: () => true,
  max_pool2d_backward: () => true,
  activation: keepsZero,
  activation_backward: keepsZero,
  reshape: () => true,
}

/** Ops that take or give a flattened padded image beside the one that flattens it: as the features of a dense layer, whose outputs are never padded. */
const TAKES_FLATTENED: { readonly [K in OpName]?: (node: ProgramNode, flat: TensorId) => boolean } = {
  dense: ({ inputs }, flat) => inputs[0] === flat,
  dense_backward_data: ({ outputs }, flat) => outputs[0] === flat,
  dense_backward_weight: ({ inputs }, flat) => inputs[1] === flat,
}

/**
 * Channels to store for each 4-D activation that is padded. Extra channels are zero everywhere: weights into and out of
 * them are zero, their gradients are zero, and no optimizer moves them. `leaderOf` gives the parameter that a gradient belongs to.
 */
export function paddedChannels(
  nodes: readonly ProgramNode[],
  tensors: readonly Tensor[],
  leaderOf: (tensor: TensorId) => TensorId,
): ReadonlyMap<TensorId, number> {
  const uses = usesOf(nodes)
  const images = imagesOf(nodes, tensors)
  const candidates = new Set<TensorId>()
  for (const tensor of tensors) {
    if (tensor.role !== 'activation' || tensor.type !== 'real' || tensor.shape.length !== 4) continue
    if (tensor.shape[1]! % CHANNEL_BLOCK !== 0 && (uses.get(tensor.id) ?? []).every((node) => takesPadding(node, uses, tensors)))
      candidates.add(tensor.id)
  }
  const groups = sameChannels(nodes, images, leaderOf)
  for (let before = -1; before !== candidates.size; ) {
    before = candidates.size
    for (const group of groups) if (group.some((id) => !candidates.has(id))) for (const id of group) candidates.delete(id)
  }
  return new Map([...candidates].map((id) => [id, Math.ceil(tensors[id]!.shape[1]! / CHANNEL_BLOCK) * CHANNEL_BLOCK]))
}

function hasOneGroup(node: ProgramNode): boolean {
  return 'groups' in node.attributes && node.attributes.groups === 1
}

function keepsZero(node: ProgramNode): boolean {
  return 'function' in node.attributes && KEEPS_ZERO[node.attributes.function]
}

function takesPadding(node: ProgramNode, uses: ReadonlyMap<TensorId, readonly ProgramNode[]>, tensors: readonly Tensor[]): boolean {
  if (TAKES_PADDING[node.op]?.(node) !== true) return false
  if (node.op !== 'reshape') return true
  const ids = [node.inputs[0]!, node.outputs[0]!]
  const flat = ids.find((id) => tensors[id]!.shape.length === 2)
  return (
    flat !== undefined &&
    tensors[flat]!.role === 'activation' &&
    (uses.get(flat) ?? []).every((other) => other === node || TAKES_FLATTENED[other.op]?.(other, flat) === true)
  )
}

function usesOf(nodes: readonly ProgramNode[]): Map<TensorId, ProgramNode[]> {
  const uses = new Map<TensorId, ProgramNode[]>()
  for (const node of nodes) for (const id of [...node.inputs, ...node.outputs]) uses.set(id, [...(uses.get(id) ?? []), node])
  return uses
}

/** The image that a matrix is the flattening of. */
function imagesOf(nodes: readonly ProgramNode[], tensors: readonly Tensor[]): Map<TensorId, TensorId> {
  const images = new Map<TensorId, TensorId>()
  for (const node of nodes) {
    if (node.op !== 'reshape') continue
    const [input, output] = [node.inputs[0]!, node.outputs[0]!]
    if (tensors[input]!.shape.length === 4) images.set(output, input)
    else if (tensors[output]!.shape.length === 4) images.set(input, output)
  }
  return images
}

/** Sets of tensors of which all are padded or none: −1 stands for a tensor that cannot be. */
function sameChannels(
  nodes: readonly ProgramNode[],
  images: ReadonlyMap<TensorId, TensorId>,
  leaderOf: (tensor: TensorId) => TensorId,
): readonly (readonly TensorId[])[] {
  const groups = new Map<string, TensorId[]>()
  const tie = (key: string, ...ids: readonly (TensorId | undefined)[]) =>
    groups.set(key, [...(groups.get(key) ?? []), ...ids.map((id) => id ?? -1)])
  nodes.forEach((node, index) => {
    const [first, second] = node.inputs
    const [output, workspace] = node.outputs
    if (node.op === 'conv2d') {
      tie(`in ${second}`, first)
      tie(`out ${second}`, output)
    } else if (node.op === 'conv2d_backward_data') {
      tie(`in ${second}`, output)
      tie(`out ${second}`, first)
    } else if (node.op === 'conv2d_backward_weight') {
      tie(`in ${leaderOf(output!)}`, second)
      tie(`out ${leaderOf(output!)}`, first)
    } else if (node.op === 'dense') tie(`in ${second}`, images.get(first!))
    else if (node.op === 'dense_backward_data') tie(`in ${second}`, images.get(output!))
    else if (node.op === 'dense_backward_weight') tie(`in ${leaderOf(output!)}`, images.get(second!))
    else if (node.op === 'max_pool2d') tie(`pool ${workspace}`, first, output)
    else if (node.op === 'max_pool2d_backward') tie(`pool ${second}`, first, output)
    else if (node.op === 'activation') tie(`node ${index}`, first, output)
    else if (node.op === 'activation_backward') tie(`node ${index}`, first, second, output)
  })
  return [...groups.values()]
}
