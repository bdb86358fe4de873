// Any op on its reference kernel, over row-major memory: for ops without a primitive, and cases that the library does not take.

import type { Node } from '../../../core/program.ts'
import type { TensorId } from '../../../core/tensor.ts'
import type { OpAttributes, OpName } from '../../../ops/attributes.ts'
import type { Kernel, Operand } from '../../reference/kernel.ts'
import { KERNELS } from '../../reference/kernels.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Slot, SlotViews } from './step.ts'

const NO_VALUES = new Float32Array(0)
const NO_INDICES = new Int32Array(0)
const FLOAT_BYTES = 4

export function lowerToReference<K extends OpName>(b: PhaseBuilder, node: Node<K>): void {
  const kernel: Kernel<OpAttributes<K>> = KERNELS[node.op]
  const inputs = node.inputs.map((id) => ({ id, slot: b.readPlain(id) }))
  const outputs = node.outputs.map((id) => ({ id, slot: b.writePlain(id) }))
  const typesOf = (ids: readonly TensorId[]) => ids.map((id) => b.tensor(id))
  const scratch = b.scratch(FLOAT_BYTES * (kernel.scratch?.(typesOf(node.inputs), typesOf(node.outputs), node.attributes) ?? 0))
  const slots = [...inputs, ...outputs].map(({ slot }) => slot)
  b.host(node, [...slots, scratch], (views) => {
    const operand = ({ id, slot }: { id: TensorId; slot: Slot }) => operandOf(b, views, id, slot)
    return kernel.bind({ inputs: inputs.map(operand), outputs: outputs.map(operand), scratch: views.real(scratch) }, node.attributes)
  })
}

function operandOf(b: PhaseBuilder, { real, index }: SlotViews, id: TensorId, slot: Slot): Operand {
  const { shape, type } = b.tensor(id)
  return { shape, type, values: type === 'real' ? real(slot) : NO_VALUES, indices: type === 'real' ? NO_INDICES : index(slot) }
}
