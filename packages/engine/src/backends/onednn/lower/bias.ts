// bias_add and its derivative, for biases that no convolution or dense layer takes in: those of transposed convolutions.

import type { TensorId } from '../../../core/tensor.ts'
import { ARGUMENT } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import { isSlow } from './choose.ts'
import { activationOfSum, hasWrongRest } from './fusion.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'
import { followingRelu } from './relu.ts'
import type { AnyNode, Argument, Slot } from './step.ts'
import { decideBias } from './weights.ts'

const FLOAT_BYTES = 4

/** y = x + bias, and the activation that follows. */
export const biasAdd: Lowering<'bias_add'> = (b, node) => {
  const [x, bias] = [node.inputs[0]!, node.inputs[1]!]
  const form = b.formOf(x)
  const channels = form.dimensions[1]!
  const slot = b.read(bias, decideBias(b, bias, channels))
  return addBroadcast(b, node, x, form, slot) || addAsNormalization(b, node, x, form, slot)
}

/** One pass with any activation; the library is fast at it where channels lie row-major or last. */
function addBroadcast(b: PhaseBuilder, node: AnyNode, x: TensorId, form: Form, bias: Slot): boolean {
  const fusion = activationOfSum(b, node, form)
  const broadcast = b.binding.descriptor(
    form.dimensions.map((size, dimension) => (dimension === 1 ? size : 1)),
    'f32',
    'plain',
  )
  const chosen = b.binding.binary('add', form.descriptor, broadcast, form.descriptor, fusion?.postOps ?? [])
  if (chosen === null) return false
  if (form.dimensions.length === 4 && isSlow(b.binding, chosen)) {
    b.own(chosen)
    return false
  }
  b.primitive(
    node,
    'bias',
    chosen,
    [['source', x, form], { number: ARGUMENT.source1, slot: bias, descriptor: broadcast }],
    [{ name: 'destination', tensor: fusion?.output ?? node.outputs[0]!, form, over: x }],
  )
  if (fusion !== null) b.fused.add(fusion.node)
  return true
}

/**
 * x + bias = 1 · (x − 0) / √(1 + 0) + bias: in blocked layouts, where the library adds vectors with plain loops.
 * Measured for 128 × 16 × 32 × 32: 0.3 ms against 62 ms. Not where channels that are left over in a block become NaN.
 */
function addAsNormalization(b: PhaseBuilder, node: AnyNode, x: TensorId, form: Form, bias: Slot): boolean {
  if (hasWrongRest(b, form)) return false
  const relu = followingRelu(b, node.outputs[0]!)
  const chosen = b.binding.batchNormForward('inference', form.descriptor, { epsilon: 0, relu: relu !== null, fixedStatistics: true })
  if (chosen === null) return false
  const channels = form.dimensions[1]!
  const descriptor = b.binding.descriptor([channels], 'f32', 'plain')
  const vector = (number: number, slot: Slot): Argument => ({ number, slot, descriptor })
  const [zeros, ones] = [b.constant(node, FLOAT_BYTES * channels, 0), b.constant(node, FLOAT_BYTES * channels, 1)]
  b.primitive(
    node,
    relu === null ? 'bias' : 'bias, relu',
    chosen,
    [
      ['source', x, form],
      vector(ARGUMENT.shift, bias),
      vector(ARGUMENT.scale, ones),
      vector(ARGUMENT.mean, zeros),
      vector(ARGUMENT.variance, ones),
    ],
    [{ name: 'destination', tensor: relu?.output ?? node.outputs[0]!, form, over: x }],
  )
  if (relu !== null) b.fused.add(relu.node)
  return true
}

/** dBias = Σ dy over rows and pixels: each image's mean by the library, the sum over their N · C means here. */
export const biasBackward: Lowering<'bias_backward'> = (b, node) => sumOfChannels(b, node, node.inputs[0]!, node.outputs[0]!)

/** @returns false where dy is no image */
export function sumOfChannels(b: PhaseBuilder, node: AnyNode, dy: TensorId, dBias: TensorId): boolean {
  const form = b.formOf(dy)
  const [rows = 1, channels = 1, height, width] = form.dimensions
  if (height === undefined || width === undefined) return false
  const open = b.binding.descriptor([rows, channels, 1, 1], 'f32', 'any')
  const window = { kernel: [height, width], stride: [1, 1], paddingBegin: [0, 0], paddingEnd: [0, 0] } as const
  const pooled = b.binding.poolForward('inference', 'averageWithPadding', form.descriptor, open, window)
  if (pooled === null) return false
  const destination = b.binding.query(pooled, 'destination')
  const means = b.scratch(b.binding.size(destination))
  b.raw(node, 'bias backward', pooled, [
    { number: ARGUMENT.source, slot: b.read(dy, form), descriptor: form.descriptor },
    { number: ARGUMENT.destination, slot: means, descriptor: destination },
  ])
  const into = b.write(dBias, decideBias(b, dBias, channels))
  b.host(node, [means, into], ({ real }) => {
    const [from, sums] = [real(means), real(into)]
    // One pixel each: whatever the layout, the channels of an image, with their padding, lie in order.
    const stride = from.length / rows
    return () => {
      for (let c = 0; c < channels; c++) {
        let sum = 0
        for (let i = c; i < from.length; i += stride) sum += from[i]!
        sums[c] = height * width * sum
      }
    }
  })
  return true
}
