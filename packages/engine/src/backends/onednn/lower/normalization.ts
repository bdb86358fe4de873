// Batch normalization in the layout of its input, with a ReLU that follows it in the same pass.

import type { TensorId } from '../../../core/tensor.ts'
import { ARGUMENT, type Normalization, type PrimitiveDescriptor } from '../binding/binding.ts'
import type { NormRecord, PhaseBuilder, Read } from './builder.ts'
import type { Lowering } from './lowering.ts'
import type { Form } from './placements.ts'
import { followingRelu } from './relu.ts'
import { keepVariance, varianceOf, writeInverseStd } from './statistics.ts'
import type { AnyNode, Argument } from './step.ts'
import { decideBias } from './weights.ts'

/** y = γ · (x − μ) / √(σ² + ε) + β, and max(0, y) where only a ReLU reads it. */
export const batchNorm: Lowering<'batch_norm'> = (b, node) => {
  const [x, gamma, beta] = node.inputs
  const [y, mean, inverseStd] = node.outputs
  const relu = followingRelu(b, y!)
  const source = b.formOf(x!)
  const normalization = { epsilon: node.attributes.epsilon, relu: relu !== null }
  const forward = b.binding.batchNormForward('training', source.descriptor, normalization)
  if (forward === null) return false
  const mask = relu === null ? null : workspaceOf(b, forward)
  b.norms.set(inverseStd!, { forward, source, normalization, mask, activated: relu?.output ?? null })
  const reads: Read[] = [
    ['source', x!, source],
    ['scale', gamma!, perChannel(b, gamma!, source)],
    ['shift', beta!, perChannel(b, beta!, source)],
    keepVariance(b, inverseStd!, source.dimensions[1]!),
  ]
  b.primitive(node, relu === null ? 'batch norm' : 'batch norm, relu', forward, mask === null ? reads : [...reads, mask], [
    { name: 'destination', tensor: relu?.output ?? y!, form: source },
    { name: 'mean', tensor: mean!, form: perChannel(b, mean!, source) },
  ])
  if (relu !== null) b.fused.add(relu.node)
  writeInverseStd(b, node, inverseStd!, normalization.epsilon)
  return true
}

export const batchNormBackward: Lowering<'batch_norm_backward'> = (b, node) => {
  const [dy, x, gamma, mean, inverseStd] = node.inputs
  const record = b.norms.get(inverseStd!) ?? recordOf(b, x!, { epsilon: node.attributes.epsilon })
  if (record === null) return false
  const { source, mask } = record
  const variance = varianceOf(b, node, inverseStd!, source.dimensions[1]!, node.attributes.epsilon)
  const statistics: Read[] = [['mean', mean!, perChannel(b, mean!, source)], variance]
  return lowerBackward(
    b,
    node,
    'batch norm backward',
    record,
    [b.unmasked.get(dy!) ?? dy!, x!, gamma!],
    [...statistics, ...(mask === null ? [] : [mask])],
  )
}

/** The same with running statistics: they are inputs, and constants of the derivative. */
export const batchNormInference: Lowering<'batch_norm_inference'> = (b, node) => {
  const [x, gamma, beta, mean, variance] = node.inputs
  const relu = followingRelu(b, node.outputs[0]!)
  const source = b.formOf(x!)
  // Of a ReLU in a training phase, the derivative works on the output: no workspace is needed.
  const normalization = { epsilon: node.attributes.epsilon, relu: relu !== null, fixedStatistics: true }
  const chosen = b.binding.batchNormForward('inference', source.descriptor, normalization)
  if (chosen === null) return false
  b.primitive(
    node,
    relu === null ? 'batch norm inference' : 'batch norm inference, relu',
    chosen,
    [
      ['source', x!, source],
      ['scale', gamma!, perChannel(b, gamma!, source)],
      ['shift', beta!, perChannel(b, beta!, source)],
      ['mean', mean!, perChannel(b, mean!, source)],
      ['variance', variance!, perChannel(b, variance!, source)],
    ],
    [{ name: 'destination', tensor: relu?.output ?? node.outputs[0]!, form: source, over: x! }],
  )
  if (relu !== null) b.fused.add(relu.node)
  return true
}

export const batchNormInferenceBackward: Lowering<'batch_norm_inference_backward'> = (b, node) => {
  const [dy, x, gamma, mean, variance] = node.inputs
  const record = recordOf(b, x!, { epsilon: node.attributes.epsilon, fixedStatistics: true })
  if (record === null) return false
  return lowerBackward(
    b,
    node,
    'batch norm inference backward',
    record,
    [dy!, x!, gamma!],
    [
      ['mean', mean!, perChannel(b, mean!, record.source)],
      ['variance', variance!, perChannel(b, variance!, record.source)],
    ],
  )
}

/** dx, dγ and dβ from [dy, x, γ]. */
function lowerBackward(
  b: PhaseBuilder,
  node: AnyNode,
  label: string,
  { source, normalization, forward }: NormRecord,
  [dy, x, gamma]: readonly [TensorId, TensorId, TensorId],
  statistics: readonly Read[],
): boolean {
  const [dx, dGamma, dBeta] = node.outputs
  const chosen = b.binding.batchNormBackward(source.descriptor, source.descriptor, normalization, forward)
  if (chosen === null) return false
  const scale = perChannel(b, gamma, source)
  // γ has the size of the shift.
  const shift: Read[] = b.binding.batchNormBackwardTakesShift ? [['shift', gamma, scale]] : []
  b.primitive(
    node,
    label,
    chosen,
    [['dDestination', dy, source], ['source', x, source], ['scale', gamma, scale], ...shift, ...statistics],
    [
      { name: 'dSource', tensor: dx!, form: source, over: dy },
      { name: 'dScale', tensor: dGamma!, form: perChannel(b, dGamma!, source) },
      { name: 'dShift', tensor: dBeta!, form: perChannel(b, dBeta!, source) },
    ],
  )
  return true
}

/** For a derivative whose forward op is not in this phase, or took no ReLU in. */
function recordOf(b: PhaseBuilder, x: TensorId, normalization: Normalization): NormRecord | null {
  const source = b.formOf(x)
  const forward = b.binding.batchNormForward('training', source.descriptor, normalization)
  return forward && { forward: b.own(forward), source, normalization, mask: null, activated: null }
}

function workspaceOf(b: PhaseBuilder, forward: PrimitiveDescriptor): Argument {
  const descriptor = b.binding.query(forward, 'workspace')
  return { number: ARGUMENT.workspace, slot: b.scratch(b.binding.size(descriptor)), descriptor }
}

/** γ, β and statistics are stored with the padded channels. */
function perChannel(b: PhaseBuilder, tensor: TensorId, source: Form): Form {
  return decideBias(b, tensor, source.dimensions[1]!)
}
