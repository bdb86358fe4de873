// Dropout: the mask is drawn once a step in JavaScript, kept for the backward pass, and multiplied by the library in the layout of its tensor.

import { elementCount } from '../../../core/tensor.ts'
import { bindMask } from '../../reference/dropout.ts'
import { ARGUMENT } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'
import type { Slot } from './step.ts'

const FLOAT_BYTES = 4

export const dropout: Lowering<'dropout'> = (b, node) => {
  const x = node.inputs[0]!
  const form = b.formOf(x)
  const chosen = b.binding.binary('mul', form.descriptor, form.descriptor, form.descriptor, [])
  if (chosen === null) return false
  const mask = maskOf(b, node, form)
  b.primitive(
    node,
    'dropout',
    chosen,
    [['source', x, form], { number: ARGUMENT.source1, slot: mask, descriptor: form.descriptor }],
    [{ name: 'destination', tensor: node.outputs[0]!, form, over: x }],
  )
  return true
}

/** The mask in the wanted layout: as it was drawn and reordered before in the phase, as far as it was. */
function maskOf(b: PhaseBuilder, node: Parameters<typeof dropout>[1], { descriptor, logical }: Form): Slot {
  const { rate, unit, stream } = node.attributes
  const name = [stream, rate, unit, ...logical].join(' ')
  const known = b.masks.get(name) ?? []
  const same = known.find((mask) => b.binding.equal(mask.descriptor, descriptor))
  if (same !== undefined) return same.slot
  const plain = b.binding.descriptor(logical, 'f32', 'plain')
  const drawn = known[0] ?? { descriptor: plain, slot: drawMask(b, node) }
  if (b.binding.equal(plain, descriptor)) {
    b.masks.set(name, [drawn])
    return drawn.slot
  }
  const copy = { descriptor, slot: b.scratch(b.binding.size(descriptor)) }
  b.reorder(`mask of ${node.origin}`, drawn.slot, drawn.descriptor, copy.slot, descriptor)
  b.masks.set(name, known.length === 0 ? [drawn, copy] : [...known, copy])
  return copy.slot
}

function drawMask(b: PhaseBuilder, node: Parameters<typeof dropout>[1]): Slot {
  const { shape } = b.tensor(node.inputs[0]!)
  const slot = b.scratch(FLOAT_BYTES * elementCount(shape))
  const key = b.readPlain(node.inputs[1]!)
  b.host(node, [key, slot], ({ real, index }) => bindMask({ shape }, node.attributes, index(key), real(slot)))
  return slot
}
