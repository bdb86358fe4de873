// conv2d and its derivatives.

import type { ConvolutionAttributes } from '../../../ops/attributes.ts'
import type { ConvolutionGeometry, Layout, WeightedTensors } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import { choose, LOOPS_AND_PRODUCTS } from './choose.ts'
import { type ConvolutionCandidate, type ConvolutionDirection, convolutionCandidates } from './convolution-candidates.ts'
import { backwardWeightExchanged } from './convolution-exchanged.ts'
import { followingActivation } from './fusion.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'
import { decideBias, decidedLayout } from './weights.ts'

export const conv2d: Lowering<'conv2d'> = (b, node) => {
  const [x, weight, bias = null] = node.inputs
  const fusion = followingActivation(b, node)
  const output = fusion?.output ?? node.outputs[0]!
  const weightForm = weightShape(b, weight!, b.stored(x!)[1]!, b.stored(output)[1]!, node.attributes)
  const decided = decidedLayout(b, weight!, weightForm)
  const candidates = candidatesFor(b, 'forward', b.stored(x!), weightForm, b.stored(output), node.attributes)
  // Of a transposed convolution's derivative, the weights lie as the transposed convolution wants them: then reordered rather than obeyed.
  const chosen = choose(
    b,
    (decided === null ? [null] : [decided, null]).flatMap((weights) => candidates.map((candidate) => ({ ...candidate, weights }))),
    ({ algorithm, layout, weights }) => {
      const tensors = tensorsOf(b, layout, b.stored(x!), weightForm, bias, b.stored(output), weights)
      return b.binding.convolutionForward(b.propagation, algorithm, tensors, geometry(node.attributes), fusion?.postOps ?? [])
    },
    LOOPS_AND_PRODUCTS,
  )
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
  const candidates = candidatesFor(b, 'data', b.stored(dx!), weightForm, b.stored(dy!), node.attributes)
  const chosen = choose(b, candidates, ({ algorithm, layout }) => {
    const tensors = tensorsOf(b, layout, b.stored(dx!), weightForm, null, b.stored(dy!), null)
    const hint = b.binding.convolutionForward('training', algorithm, tensors, geometry(node.attributes), [])
    return hint && b.binding.convolutionBackwardData(algorithm, tensors, geometry(node.attributes), b.own(hint))
  })
  if (chosen === null) return false
  const { query } = b.binding
  b.persistent.decide(weight!, { ...weightForm, descriptor: query(chosen, 'weights') })
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
  if (backwardWeightExchanged(b, node, weightForm, geometry(node.attributes))) return true
  const candidates = candidatesFor(b, 'weights', b.stored(x!), weightForm, b.stored(dy!), node.attributes)
  const chosen = choose(b, candidates, ({ algorithm, layout }) => {
    const tensors = tensorsOf(b, layout, b.stored(x!), weightForm, dBias, b.stored(dy!), null)
    const hint = b.binding.convolutionForward('training', algorithm, tensors, geometry(node.attributes), [])
    return hint && b.binding.convolutionBackwardWeights(algorithm, tensors, geometry(node.attributes), b.own(hint))
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

function candidatesFor(
  b: PhaseBuilder,
  direction: ConvolutionDirection,
  [N = 1, C = 1]: readonly number[],
  { logical }: Omit<Form, 'descriptor'>,
  [, K = 1, P = 1, Q = 1]: readonly number[],
  attributes: ConvolutionAttributes,
): readonly ConvolutionCandidate[] {
  const [R = 1, S = 1] = logical.slice(-2)
  return convolutionCandidates({ N, C, K, output: [P, Q], kernel: [R, S], attributes }, direction, b.binding.instructionSet)
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
