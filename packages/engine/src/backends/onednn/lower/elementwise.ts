// reshape, constants, add, softmax and its derivative.

import { ARGUMENT } from '../binding/binding.ts'
import { isSameShape } from '../layout/shapes.ts'
import { activationOfSum } from './fusion.ts'
import type { Lowering } from './lowering.ts'

/** Moves nothing where the stored form can stay: an image flattened for a dense layer keeps its layout. */
export const reshape: Lowering<'reshape'> = (b, node) => {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!]
  const from = b.placement(x)
  if (b.persistent.isPersistent(y)) {
    const plain = b.plain(y)
    const source = { ...b.plain(x), slot: b.readPlain(x) }
    const copy = b.binding.reorder(source.descriptor, source.descriptor)
    if (copy === null) return false
    b.raw(node, 'copy', copy, [
      { number: ARGUMENT.source, slot: source.slot, descriptor: source.descriptor },
      { number: ARGUMENT.destination, slot: b.persistent.placement(y).slot, descriptor: plain.descriptor },
    ])
    return true
  }
  const fits = isSameShape(from.logical, b.tensor(y).shape) || b.tensor(y).shape.length === 2
  if (fits && from.logical[0] === b.tensor(y).shape[0]) b.assign(y, from)
  else b.assign(y, { ...b.plain(y), slot: b.readPlain(x) })
  return true
}

/** Written once: the zeros of padded channels, the 1 that derivatives start from. */
export const fill: Lowering<'fill'> = (b, node) => {
  const y = node.outputs[0]!
  if (b.persistent.isPersistent(y)) return false
  const form = b.plain(y)
  b.assign(y, { ...form, slot: b.constant(node, b.binding.size(form.descriptor), node.attributes.value) })
  return true
}

/** In place where one of the two is not needed any more, and with an activation that follows. */
export const add: Lowering<'add'> = (b, node) => {
  const [a, c] = [node.inputs[0]!, node.inputs[1]!]
  const [x, other] = !b.mayOverwrite(node, a) && b.mayOverwrite(node, c) ? [c, a] : [a, c]
  const form = b.formOf(x)
  const fusion = activationOfSum(b, node, form)
  const chosen = b.binding.binary('add', form.descriptor, form.descriptor, form.descriptor, fusion?.postOps ?? [])
  if (chosen === null) return false
  b.primitive(
    node,
    'add',
    chosen,
    [
      ['source', x, form],
      ['source1', other, form],
    ],
    [{ name: 'destination', tensor: fusion?.output ?? node.outputs[0]!, form, over: x }],
  )
  if (fusion !== null) b.fused.add(fusion.node)
  return true
}

export const softmax: Lowering<'softmax'> = (b, node) => {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!]
  const form = b.plain(x)
  const chosen = b.binding.softmaxForward(b.propagation, form.descriptor, form.dimensions.length - 1)
  if (chosen === null) return false
  b.primitive(node, 'softmax', chosen, [['source', x, form]], [{ name: 'destination', tensor: y, form }])
  return true
}

export const softmaxBackward: Lowering<'softmax_backward'> = (b, node) => {
  const [dy, y] = [node.inputs[0]!, node.inputs[1]!]
  const form = b.plain(y)
  const axis = form.dimensions.length - 1
  const forward = b.binding.softmaxForward('training', form.descriptor, axis)
  const chosen = forward && b.binding.softmaxBackward(form.descriptor, form.descriptor, axis, b.own(forward))
  if (chosen === null) return false
  b.primitive(
    node,
    'softmax backward',
    chosen,
    [
      ['dDestination', dy, form],
      ['destination', y, form],
    ],
    [{ name: 'dSource', tensor: node.outputs[0]!, form, over: dy }],
  )
  return true
}
