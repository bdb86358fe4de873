// Upsampling in the layout of its input. The derivative of `nearest` is a sum over windows: average pooling times their area.

import type { TensorId } from '../../../core/tensor.ts'
import type { OpAttributes } from '../../../ops/attributes.ts'
import type { PoolingGeometry, ResamplingAlgorithm } from '../binding/binding.ts'
import { layoutName } from '../layout/layout-name.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'

const ALGORITHM: { readonly [K in OpAttributes<'upsample2d'>['mode']]: ResamplingAlgorithm } = { nearest: 'nearest', bilinear: 'linear' }

/** Without channels for two of its registers, making the pooling for SSE 4.1 with anything behind it ends the process (oneDNN 2.6.3). */
const SSE41_CHANNELS_MIN = 8

export const upsample2d: Lowering<'upsample2d'> = (b, node) => {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!]
  const [source, destination] = inLayoutOf(b, x, [x, y])
  const chosen = b.binding.resamplingForward(b.propagation, ALGORITHM[node.attributes.mode], source.descriptor, destination.descriptor)
  if (chosen === null) return false
  b.primitive(node, 'upsample', chosen, [['source', x, source]], [{ name: 'destination', tensor: y, form: destination }])
  return true
}

export const upsample2dBackward: Lowering<'upsample2d_backward'> = (b, node) => {
  const { scale, mode } = node.attributes
  const [dy, dx] = [node.inputs[0]!, node.outputs[0]!]
  const [from, to] = inLayoutOf(b, dy, [dy, dx])
  if (mode === 'nearest' && canScalePooling(b, to)) {
    const window: PoolingGeometry = { kernel: scale, stride: scale, paddingBegin: [0, 0], paddingEnd: [0, 0] }
    const area = [{ kind: 'eltwise', algorithm: 'linear', alpha: scale[0] * scale[1], beta: 0 }] as const
    // Measured: a quarter of the time of the resampling primitive's own derivative.
    const pooled = b.binding.poolForward('inference', 'averageWithPadding', from.descriptor, to.descriptor, window, area)
    if (pooled === null) return false
    b.primitive(node, 'upsample backward', pooled, [['source', dy, from]], [{ name: 'destination', tensor: dx, form: to }])
    return true
  }
  const forward = b.binding.resamplingForward('training', ALGORITHM[mode], to.descriptor, from.descriptor)
  const chosen = forward && b.binding.resamplingBackward(ALGORITHM[mode], to.descriptor, from.descriptor, b.own(forward))
  if (chosen === null) return false
  b.primitive(node, 'upsample backward', chosen, [['dDestination', dy, from]], [{ name: 'dSource', tensor: dx, form: to }])
  return true
}

/** Forms of two tensors in one layout: of pixels alone, the library (3.7.2) takes strides that mean the same for different ones. */
function inLayoutOf(b: PhaseBuilder, id: TensorId, tensors: readonly [TensorId, TensorId]): readonly [Form, Form] {
  const layout = layoutName(b.binding, b.formOf(id).descriptor)
  const formOf = (tensor: TensorId) => b.form(tensor, b.binding.descriptor(b.stored(tensor), 'f32', layout))
  return [formOf(tensors[0]), formOf(tensors[1])]
}

function canScalePooling({ binding }: PhaseBuilder, { dimensions }: Form): boolean {
  return binding.instructionSet !== 'sse41' || dimensions[1]! >= SSE41_CHANNELS_MIN
}
