// reshape, add and softmax.

import { ARGUMENT } from '../binding/binding.ts'
import { isSameShape } from '../layout/shapes.ts'
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

export const add: Lowering<'add'> = (b, node) => {
  const [x, other, y] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!]
  const { slot: _, ...form } = b.placement(x)
  const chosen = b.binding.binary('add', form.descriptor, form.descriptor, form.descriptor, [])
  if (chosen === null) return false
  b.primitive(
    node,
    'add',
    chosen,
    [
      ['source', x, form],
      ['source1', other, form],
    ],
    [{ name: 'destination', tensor: y, form, over: x }],
  )
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
