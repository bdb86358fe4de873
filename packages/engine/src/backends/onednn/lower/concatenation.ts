// concatenate along channels, and slice, its derivative.

import type { TensorId } from '../../../core/tensor.ts'
import { ARGUMENT, type Descriptor } from '../binding/binding.ts'
import { layoutName } from '../layout/layout-name.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'
import type { Argument } from './step.ts'

const DIMENSION = 1

/** The sources are taken as they lie; the library picks the layout of the result. */
export const concatenate: Lowering<'concatenate'> = (b, node) => {
  const y = node.outputs[0]!
  const forms = node.inputs.map((id) => b.formOf(id))
  const descriptors = forms.map(({ descriptor }) => descriptor)
  const chosen = b.binding.concat(DIMENSION, descriptors, b.binding.descriptor(b.stored(y), 'f32', 'any'))
  if (chosen === null) return false
  const sources = node.inputs.map((id, index): Argument => {
    const form = forms[index]!
    return { number: ARGUMENT.multipleSource + index, slot: b.read(id, form), descriptor: form.descriptor }
  })
  const form = b.form(y, b.binding.query(chosen, 'destination'))
  b.primitive(node, 'concatenate', chosen, sources, [{ name: 'destination', tensor: y, form }])
  return true
}

/** Copies the part of x that the slice is. */
export const slice: Lowering<'slice'> = (b, node) => {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!]
  const { whole, part } = partOf(b, x, b.stored(y), node.attributes.start)
  const form = b.form(y, b.binding.descriptor(b.stored(y), 'f32', layoutName(b.binding, whole.descriptor)))
  const copy = b.binding.reorder(part, form.descriptor)
  if (copy === null) return false
  const source = { number: ARGUMENT.source, slot: b.read(x, whole), descriptor: part }
  b.primitive(node, 'slice', copy, [source], [{ name: 'destination', tensor: y, form }])
  return true
}

/** As x lies, or row-major where the slice would cut a block of channels. */
function partOf(b: PhaseBuilder, x: TensorId, dimensions: readonly number[], start: number): { whole: Form; part: Descriptor } {
  const offsets = dimensions.map((_, dimension) => (dimension === DIMENSION ? start : 0))
  for (const whole of [b.formOf(x), b.plain(x)]) {
    const part = b.binding.part(whole.descriptor, dimensions, offsets)
    if (part !== null) return { whole, part }
  }
  throw new Error(`oneDNN cannot slice "${b.tensor(x).name}"`)
}
