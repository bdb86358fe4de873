// The activation family on eltwise primitives. Any layout goes: the layout of the input is kept.

import type { ActivationFunction } from '../../../ops/attributes.ts'
import type { EltwiseAlgorithm } from '../binding/binding.ts'
import type { Lowering } from './lowering.ts'
import { foldIntoNormalization } from './relu.ts'

type Algorithm = (alpha: number) => { readonly algorithm: EltwiseAlgorithm; readonly alpha: number }

export const FORWARD_ALGORITHM: { readonly [K in ActivationFunction]: Algorithm } = {
  relu: () => ({ algorithm: 'relu', alpha: 0 }),
  leaky_relu: (alpha) => ({ algorithm: 'relu', alpha }),
  sigmoid: () => ({ algorithm: 'logistic', alpha: 0 }),
  tanh: () => ({ algorithm: 'tanh', alpha: 0 }),
  elu: (alpha) => ({ algorithm: 'elu', alpha }),
  gelu: () => ({ algorithm: 'gelu_erf', alpha: 0 }),
  silu: () => ({ algorithm: 'swish', alpha: 1 }),
  softplus: () => ({ algorithm: 'soft_relu', alpha: 1 }),
}

/** From y where the op keeps y, else from x; as the reference's table says. */
const BACKWARD_ALGORITHM: { readonly [K in ActivationFunction]: Algorithm } = {
  relu: () => ({ algorithm: 'relu_from_output', alpha: 0 }),
  leaky_relu: (alpha) => ({ algorithm: 'relu_from_output', alpha }),
  sigmoid: () => ({ algorithm: 'logistic_from_output', alpha: 0 }),
  tanh: () => ({ algorithm: 'tanh_from_output', alpha: 0 }),
  elu: (alpha) => ({ algorithm: 'elu_from_output', alpha }),
  gelu: () => ({ algorithm: 'gelu_erf', alpha: 0 }),
  silu: () => ({ algorithm: 'swish', alpha: 1 }),
  softplus: () => ({ algorithm: 'soft_relu', alpha: 1 }),
}

export const activation: Lowering<'activation'> = (b, node) => {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!]
  const { slot: _, ...form } = b.placement(x)
  const { algorithm, alpha } = FORWARD_ALGORITHM[node.attributes.function](node.attributes.alpha)
  const chosen = b.binding.eltwiseForward(b.propagation, algorithm, form.descriptor, alpha, 0, [])
  if (chosen === null) return false
  b.primitive(node, node.attributes.function, chosen, [['source', x, form]], [{ name: 'destination', tensor: y, form, over: x }])
  return true
}

export const activationBackward: Lowering<'activation_backward'> = (b, node) => {
  if (node.attributes.function === 'relu' && foldIntoNormalization(b, node)) return true
  const [dy, saved] = [node.inputs[0]!, node.inputs[1]!]
  const { slot: _, ...form } = b.placement(saved)
  const { algorithm, alpha } = BACKWARD_ALGORITHM[node.attributes.function](node.attributes.alpha)
  const hint = b.binding.eltwiseForward('training', algorithm, form.descriptor, alpha, 0, [])
  const chosen = hint && b.binding.eltwiseBackward(algorithm, form.descriptor, form.descriptor, alpha, 0, b.own(hint))
  if (chosen === null) return false
  b.primitive(
    node,
    `${node.attributes.function} backward`,
    chosen,
    [
      ['dDestination', dy, form],
      [algorithm.endsWith('_from_output') ? 'destination' : 'source', saved, form],
    ],
    [{ name: 'dSource', tensor: node.outputs[0]!, form, over: dy }],
  )
  return true
}
