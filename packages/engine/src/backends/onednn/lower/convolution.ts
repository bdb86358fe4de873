// conv2d and its derivatives.

import type { ConvolutionAttributes } from '../../../ops/attributes.ts'
import type { ConvolutionGeometry, Layout, WeightedTensors } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import { choose } from './choose.ts'
import { followingActivation } from './fusion.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'
import { decideBias, decidedLayout } from './weights.ts'

/**
 * Up to this many input channels, NHWC beats blocked layouts: those would pad 1 or 3 channels to 8. Measured for LeNet-5's
 * first layer, backward by weights: 0.9 ms against 3.7 ms.
 */
const FEW_CHANNELS = 4

export const conv2d: Lowering<'conv2d'> = (b, node) => {
  const [x, weight, bias = null] = node.inputs
  const fusion = followingActivation(b, node)
  const output = fusion?.output ?? node.outputs[0]!
  const weightForm = weightShape(b, weight!, b.stored(x!)[1]!, b.stored(output)[1]!, node.attributes)
  const chosen = choose(b, layoutsFor(b.stored(x!)[1]!), (layout) => {
    const decided = decidedLayout(b, weight!, weightForm)
    const tensors = tensorsOf(b, layout, b.stored(x!), weightForm, bias, b.stored(output), decided)
    return b.binding.convolutionForward(b.propagation, tensors, geometry(node.attributes), fusion?.postOps ?? [])
  })
  if (chosen === null) return false
  b.persistent.decide(weight!, { ...weightForm, descriptor: b.binding.query(chosen, 'weights') })
  const reads = [
    ['source', x!, b.form(x!, b.binding.query(chosen, 'source'))],
    ['weights', weight!, { ...weightForm, descriptor: b.binding.query(chosen, 'weights') }],
  ] as const
  const biasForm = bias === null ? null : decideBias(b, bias, b.stored(output)[1]!)
  b.primitive(node, 'conv2d', chosen, biasForm === null ? reads : [...reads, ['bias', bias!, biasForm]], [
    { name: 'destination', tensor: output, form: b.form(output, b.binding.query(chosen, 'destination')) },
  ])
  if (fusion !== null) b.fused.add(fusion.node)
  return true
}

export const conv2dBackwardData: Lowering<'conv2d_backward_data'> = (b, node) => {
  const [dy, weight] = node.inputs
  const [dx] = node.outputs
  const weightForm = weightShape(b, weight!, b.stored(dx!)[1]!, b.stored(dy!)[1]!, node.attributes)
  const chosen = choose(b, layoutsFor(b.stored(dx!)[1]!), (layout) => {
    const tensors = tensorsOf(b, layout, b.stored(dx!), weightForm, null, b.stored(dy!), null)
    const hint = b.binding.convolutionForward('training', tensors, geometry(node.attributes), [])
    return hint && b.binding.convolutionBackwardData(tensors, geometry(node.attributes), b.own(hint))
  })
  if (chosen === null) return false
  const { query } = b.binding
  b.primitive(
    node,
    'conv2d backward data',
    chosen,
    [
      ['dDestination', dy!, b.form(dy!, query(chosen, 'dDestination'))],
      ['weights', weight!, { ...weightForm, descriptor: query(chosen, 'weights') }],
    ],
    [{ name: 'dSource', tensor: dx!, form: b.form(dx!, query(chosen, 'dSource')) }],
  )
  return true
}

export const conv2dBackwardWeight: Lowering<'conv2d_backward_weight'> = (b, node) => {
  const [dy, x] = node.inputs
  const [dWeight, dBias = null] = node.outputs
  const weightForm = weightShape(b, dWeight!, b.stored(x!)[1]!, b.stored(dy!)[1]!, node.attributes)
  const chosen = choose(b, layoutsFor(b.stored(x!)[1]!), (layout) => {
    const tensors = tensorsOf(b, layout, b.stored(x!), weightForm, dBias, b.stored(dy!), null)
    const hint = b.binding.convolutionForward('training', tensors, geometry(node.attributes), [])
    return hint && b.binding.convolutionBackwardWeights(tensors, geometry(node.attributes), b.own(hint))
  })
  if (chosen === null) return false
  const { query } = b.binding
  const form = { ...weightForm, descriptor: query(chosen, 'dWeights') }
  b.persistent.decide(dWeight!, form)
  const writes = [{ name: 'dWeights', tensor: dWeight!, form } as const]
  const biasForm = dBias === null ? null : decideBias(b, dBias, b.stored(dy!)[1]!)
  b.primitive(
    node,
    'conv2d backward weight',
    chosen,
    [
      ['dDestination', dy!, b.form(dy!, query(chosen, 'dDestination'))],
      ['source', x!, b.form(x!, query(chosen, 'source'))],
    ],
    biasForm === null ? writes : [...writes, { name: 'dBias', tensor: dBias!, form: biasForm }],
  )
  return true
}

/** Layouts of source and destination, the preferred one first. */
function layoutsFor(channels: number): readonly Layout[] {
  return channels <= FEW_CHANNELS ? ['channelsLast', 'any', 'plain'] : ['any', 'plain']
}

/** Dimensions of the weights: [K, C, R, S], or [groups, K / groups, C / groups, R, S]. */
function weightShape(
  b: PhaseBuilder,
  weight: number,
  inputs: number,
  outputs: number,
  { groups }: ConvolutionAttributes,
): Omit<Form, 'descriptor'> {
  const [k = 0, c = 0, r = 0, s = 0] = b.tensor(weight).shape
  if (groups === 1) return { dimensions: [outputs, inputs, r, s], logical: [k, c, r, s] }
  const dimensions = [groups, k / groups, c, r, s]
  return { dimensions, logical: dimensions }
}

function tensorsOf(
  b: PhaseBuilder,
  layout: Layout,
  source: readonly number[],
  weight: Omit<Form, 'descriptor'>,
  bias: number | null,
  destination: readonly number[],
  decided: WeightedTensors['weights'] | null,
): WeightedTensors {
  const { descriptor } = b.binding
  return {
    source: descriptor(source, 'f32', layout),
    weights: decided ?? descriptor(weight.dimensions, 'f32', layout === 'plain' ? 'plain' : 'any'),
    bias: bias === null ? null : descriptor([destination[1]!], 'f32', 'plain'),
    destination: descriptor(destination, 'f32', layout),
  }
}

function geometry({ stride, padding, dilation }: ConvolutionAttributes): ConvolutionGeometry {
  const [top, bottom, left, right] = padding
  return { stride, dilation, paddingBegin: [top, left], paddingEnd: [bottom, right] }
}
