// Reference kernels over memory as it lies, for updates that go through it number by number: whatever the layout, equal places belong
// together, and padding is zero and stays zero.

import type { Node } from '../../../core/program.ts'
import { elementCount, type TensorId } from '../../../core/tensor.ts'
import type { OpAttributes, OpName } from '../../../ops/attributes.ts'
import type { Kernel, Operand } from '../../reference/kernel.ts'
import { KERNELS } from '../../reference/kernels.ts'
import { ARGUMENT } from '../binding/binding.ts'
import { isSameMemory } from '../layout/same-memory.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import type { Slot } from './step.ts'

const NO_INDICES = new Int32Array(0)

/** Segments and state as they lie, everything else (scalars, norms) row-major. */
export function inPlace<K extends OpName>(b: PhaseBuilder, node: Node<K>): boolean {
  const kernel: Kernel<OpAttributes<K>> = KERNELS[node.op]
  const inputs = node.inputs.map((id) => ({ id, slot: memoryOf(b, id) }))
  const updated = new Set(node.inputs)
  const outputs = node.outputs.filter((id) => !updated.has(id)).map((id) => ({ id, slot: b.writePlain(id) }))
  for (const id of node.outputs) for (const member of b.persistent.correspondence.membersOf(id)) b.forgetCopies(member)
  b.host(
    node,
    [...inputs, ...outputs].map(({ slot }) => slot),
    ({ real }) => {
      const operand = ({ id, slot }: { readonly id: TensorId; readonly slot: Slot }): Operand => {
        const { type, shape } = b.tensor(id)
        return { type, shape, values: real(slot), indices: NO_INDICES }
      }
      return kernel.bind({ inputs: inputs.map(operand), outputs: outputs.map(operand), scratch: new Float32Array(0) }, node.attributes)
    },
  )
  return true
}

function memoryOf(b: PhaseBuilder, id: TensorId): Slot {
  return b.persistent.isPersistent(id) && b.tensor(id).role !== 'output' ? b.persistent.segment(id) : b.readPlain(id)
}

/** Needs the units apart: reorders the weights to row-major and back where they lie in blocks. */
export const maxNorm: Lowering<'max_norm'> = (b, node) => {
  const id = node.inputs[0]!
  const { slot, descriptor, dimensions } = b.persistent.placement(id)
  const plain = b.binding.descriptor(dimensions, 'f32', 'plain')
  const isPlain = isSameMemory(b.binding, descriptor, plain)
  const work = isPlain ? slot : b.scratch(b.binding.size(plain))
  const move = (from: 'weights' | 'work') => {
    const [source, destination] = from === 'weights' ? [descriptor, plain] : [plain, descriptor]
    const primitive = b.binding.reorder(source, destination)
    if (primitive === null) throw new Error(`oneDNN has no reorder for "${b.tensor(id).name}"`)
    b.raw(node, `reorder ${b.tensor(id).name}`, primitive, [
      { number: ARGUMENT.source, slot: from === 'weights' ? slot : work, descriptor: source },
      { number: ARGUMENT.destination, slot: from === 'weights' ? work : slot, descriptor: destination },
    ])
  }
  if (!isPlain) move('weights')
  const shape = [unitsOf(dimensions, b.tensor(id).shape[0]!), -1]
  b.host(node, [work], ({ real }) => {
    const values = real(work).subarray(0, elementCount(dimensions))
    const weight = { shape, type: 'real', values, indices: NO_INDICES } as const
    return KERNELS.max_norm.bind({ inputs: [weight], outputs: [weight], scratch: new Float32Array(0) }, node.attributes)
  })
  if (!isPlain) move('work')
  b.forgetCopies(id)
  return true
}

/** Weights of a grouped convolution have the groups as a dimension of their own. */
function unitsOf(dimensions: readonly number[], units: number): number {
  let product = 1
  for (const size of dimensions) {
    if (product >= units) break
    product *= size
  }
  return product
}
