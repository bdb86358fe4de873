// dense and its derivatives. The input may be an image in any layout: a flatten before it costs nothing.

import type { TensorId } from '../../../core/tensor.ts'
import type { WeightedTensors } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'
import { choose } from './choose.ts'
import { followingActivation } from './fusion.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'
import { decideBias, decidedLayout } from './weights.ts'

export const dense: Lowering<'dense'> = (b, node) => {
  const [x, weight, bias = null] = node.inputs
  const fusion = followingActivation(b, node)
  const output = fusion?.output ?? node.outputs[0]!
  const source = sourceForm(b, x!)
  const weightForm = weightShape(b, weight!, source)
  const units = b.tensor(weight!).shape[0]!
  const decided = decidedLayout(b, weight!, weightForm) ?? b.binding.descriptor(weightForm.dimensions, 'f32', 'any')
  const tensors: WeightedTensors = {
    source: source.descriptor,
    weights: decided,
    bias: bias === null ? null : b.binding.descriptor([units], 'f32', 'plain'),
    destination: b.plain(output).descriptor,
  }
  const postOps = fusion?.postOps ?? []
  const chosen = choose<WeightedTensors>(b, [tensors, { ...tensors, ...openLayouts(b, source, weightForm) }], (candidate) =>
    b.binding.innerProductForward(b.propagation, candidate, postOps),
  )
  if (chosen === null) return false
  const { query } = b.binding
  b.denseSources.set(weight!, query(chosen, 'source'))
  b.persistent.decide(weight!, { ...weightForm, descriptor: query(chosen, 'weights') })
  const reads = [
    ['source', x!, { ...source, descriptor: query(chosen, 'source') }],
    ['weights', weight!, { ...weightForm, descriptor: query(chosen, 'weights') }],
  ] as const
  const biasForm = bias === null ? null : decideBias(b, bias, units)
  b.primitive(node, 'dense', chosen, biasForm === null ? reads : [...reads, ['bias', bias!, biasForm]], [
    { name: 'destination', tensor: output, form: b.plain(output) },
  ])
  if (fusion !== null) b.fused.add(fusion.node)
  return true
}

export const denseBackwardData: Lowering<'dense_backward_data'> = (b, node) => {
  const [dy, weight, dx] = [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!]
  const { slot: _, ...weightForm } = b.placement(weight)
  const batch = b.tensor(dy).shape[0]!
  const dimensions = [batch, ...weightForm.dimensions.slice(1)]
  const logical = [batch, ...weightForm.logical.slice(1)]
  const open = b.binding.descriptor(dimensions, 'f32', 'any')
  const tensors = { weights: weightForm.descriptor, bias: null, destination: b.plain(dy).descriptor }
  const chosen = choose<WeightedTensors>(
    b,
    [
      { ...tensors, source: b.denseSources.get(weight) ?? open },
      { ...tensors, source: open, weights: b.binding.descriptor(weightForm.dimensions, 'f32', 'any') },
    ],
    (candidate) => {
      const hint = b.binding.innerProductForward('training', candidate, [])
      return hint && b.binding.innerProductBackwardData(candidate, b.own(hint))
    },
  )
  if (chosen === null) return false
  const { query } = b.binding
  b.primitive(
    node,
    'dense backward data',
    chosen,
    [
      ['dDestination', dy, b.plain(dy)],
      ['weights', weight, { ...weightForm, descriptor: query(chosen, 'weights') }],
    ],
    [{ name: 'dSource', tensor: dx, form: { descriptor: query(chosen, 'dSource'), dimensions, logical } }],
  )
  return true
}

export const denseBackwardWeight: Lowering<'dense_backward_weight'> = (b, node) => {
  const [dy, x] = [node.inputs[0]!, node.inputs[1]!]
  const [dWeight, dBias = null] = node.outputs
  const source = sourceForm(b, x)
  const weightForm = weightShape(b, dWeight!, source)
  const tensors: WeightedTensors = {
    source: source.descriptor,
    weights: decidedLayout(b, dWeight!, weightForm) ?? b.binding.descriptor(weightForm.dimensions, 'f32', 'any'),
    bias: dBias === null ? null : b.binding.descriptor([b.tensor(dBias).shape[0]!], 'f32', 'plain'),
    destination: b.plain(dy).descriptor,
  }
  const chosen = choose<WeightedTensors>(b, [tensors, { ...tensors, ...openLayouts(b, source, weightForm) }], (candidate) => {
    const hint = b.binding.innerProductForward('training', candidate, [])
    return hint && b.binding.innerProductBackwardWeights(candidate, b.own(hint))
  })
  if (chosen === null) return false
  const { query } = b.binding
  const form = { ...weightForm, descriptor: query(chosen, 'dWeights') }
  b.persistent.decide(dWeight!, form)
  const writes = [{ name: 'dWeights', tensor: dWeight!, form } as const]
  const biasForm = dBias === null ? null : decideBias(b, dBias, b.tensor(dBias).shape[0]!)
  b.primitive(
    node,
    'dense backward weight',
    chosen,
    [
      ['dDestination', dy, b.plain(dy)],
      ['source', x, { ...source, descriptor: query(chosen, 'source') }],
    ],
    biasForm === null ? writes : [...writes, { name: 'dBias', tensor: dBias!, form: biasForm }],
  )
  return true
}

/** The input as it lies; matrices row-major. */
function sourceForm(b: PhaseBuilder, x: TensorId): Form {
  const { slot: _, ...form } = b.placement(x)
  return form.dimensions.length === 4 ? form : b.plain(x)
}

/** Weights take the input's dimensions: [units, D] or [units, C, H, W]. */
function weightShape(b: PhaseBuilder, weight: TensorId, source: Form): Omit<Form, 'descriptor'> {
  const units = b.tensor(weight).shape[0]!
  return { dimensions: [units, ...source.dimensions.slice(1)], logical: [units, ...source.logical.slice(1)] }
}

function openLayouts(b: PhaseBuilder, source: Form, weight: Omit<Form, 'descriptor'>): Pick<WeightedTensors, 'source' | 'weights'> {
  return { source: b.binding.descriptor(source.dimensions, 'f32', 'any'), weights: b.binding.descriptor(weight.dimensions, 'f32', 'any') }
}
