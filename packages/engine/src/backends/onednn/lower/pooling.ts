// Max-pooling with the library's workspace, in the layout of its input.

import type { PoolingAttributes } from '../../../ops/attributes.ts'
import { ARGUMENT, type PoolingGeometry } from '../binding/binding.ts'
import type { Lowering } from './lowering.ts'

export const maxPool2d: Lowering<'max_pool2d'> = (b, node) => {
  const [x, y, workspace] = [node.inputs[0]!, node.outputs[0]!, node.outputs[1]!]
  const placed = b.placement(x)
  const source = placed.dimensions.length === 4 ? b.form(x, placed.descriptor) : b.plain(x)
  const open = b.binding.descriptor(b.stored(y), 'f32', 'any')
  const forward = b.binding.poolForward(b.propagation, 'max', source.descriptor, open, poolingGeometry(node.attributes))
  if (forward === null) return false
  const destination = b.form(y, b.binding.query(forward, 'destination'))
  const outputs = [{ name: 'destination', tensor: y, form: destination } as const]
  if (b.propagation === 'inference') {
    b.primitive(node, 'max_pool2d', forward, [['source', x, source]], outputs)
    return true
  }
  const opaque = { descriptor: b.binding.query(forward, 'workspace'), dimensions: b.stored(y), logical: b.stored(y) }
  b.pools.set(workspace, { forward, source, destination })
  b.primitive(node, 'max_pool2d', forward, [['source', x, source]], [...outputs, { name: 'workspace', tensor: workspace, form: opaque }])
  return true
}

export const maxPool2dBackward: Lowering<'max_pool2d_backward'> = (b, node) => {
  const [dy, workspace, dx] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!]
  const record = b.pools.get(workspace)
  if (record === undefined) return false
  const { source, destination, forward } = record
  const chosen = b.binding.poolBackward('max', source.descriptor, destination.descriptor, poolingGeometry(node.attributes), forward)
  if (chosen === null) throw new Error(`oneDNN has no derivative for the max-pooling at ${node.origin}`)
  const { slot, descriptor } = b.placement(workspace)
  b.primitive(
    node,
    'max_pool2d backward',
    chosen,
    [['dDestination', dy, b.form(dy, destination.descriptor)], { number: ARGUMENT.workspace, slot, descriptor }],
    [{ name: 'dSource', tensor: dx, form: b.form(dx, source.descriptor) }],
  )
  return true
}

export function poolingGeometry({ kernel, stride, padding }: PoolingAttributes): PoolingGeometry {
  const [top, bottom, left, right] = padding
  return { kernel, stride, paddingBegin: [top, left], paddingEnd: [bottom, right] }
}
