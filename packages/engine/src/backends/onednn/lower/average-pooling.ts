// Average pooling in the layout of its input; over a whole image it is global average pooling.

import type { OpAttributes } from '../../../ops/attributes.ts'
import type { Descriptor, PoolingAlgorithm } from '../binding/binding.ts'
import { layoutName } from '../layout/layout-name.ts'
import { isSameShape } from '../layout/shapes.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import { poolingGeometry } from './pooling.ts'
import type { AnyNode } from './step.ts'

export const averagePool2d: Lowering<'avg_pool2d'> = (b, node) => {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!]
  const source = b.formOf(x)
  const open = b.binding.descriptor(b.stored(y), 'f32', 'any')
  const chosen = b.binding.poolForward(b.propagation, algorithm(node), source.descriptor, open, poolingGeometry(node.attributes))
  if (chosen === null) return false
  b.averageSources.set(node.origin, source)
  b.primitive(
    node,
    'avg pool',
    chosen,
    [['source', x, source]],
    [{ name: 'destination', tensor: y, form: b.form(y, b.binding.query(chosen, 'destination')) }],
  )
  return true
}

export const averagePool2dBackward: Lowering<'avg_pool2d_backward'> = (b, node) => {
  const [dy, dx] = [node.inputs[0]!, node.outputs[0]!]
  const source = sourceLayout(b, node)
  const open = b.binding.descriptor(b.stored(dy), 'f32', 'any')
  const geometry = poolingGeometry(node.attributes)
  const forward = b.binding.poolForward('training', algorithm(node), source, open, geometry)
  if (forward === null) return false
  const destination = b.binding.query(b.own(forward), 'destination')
  const chosen = b.binding.poolBackward(algorithm(node), source, destination, geometry, forward)
  if (chosen === null) return false
  b.primitive(
    node,
    'avg pool backward',
    chosen,
    [['dDestination', dy, b.form(dy, destination)]],
    [{ name: 'dSource', tensor: dx, form: b.form(dx, source) }],
  )
  return true
}

/** As the forward op's input lay: a dy of one pixel tells nothing about the layout of an image. */
function sourceLayout(b: PhaseBuilder, { origin, inputs, outputs }: AnyNode): Descriptor {
  const remembered = b.averageSources.get(origin)
  const dimensions = b.stored(outputs[0]!)
  if (remembered !== undefined && isSameShape(remembered.dimensions, dimensions)) return remembered.descriptor
  return b.binding.descriptor(dimensions, 'f32', layoutName(b.binding, b.formOf(inputs[0]!).descriptor))
}

function algorithm({ attributes }: { readonly attributes: OpAttributes<'avg_pool2d'> }): PoolingAlgorithm {
  return attributes.countIncludePadding ? 'averageWithPadding' : 'averageWithoutPadding'
}
