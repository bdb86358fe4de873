// A step of stochastic gradient descent over a segment of parameters.

import { elementCount } from '../core/tensor.ts'
import type { SgdAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { invalidAttribute, operands, real, requireReal, requireRealShape } from './operands.ts'

const plain: SgdAttributes = { momentum: 0, nesterov: false, weightDecay: 0 }

export const sgdUpdate: Op<SgdAttributes> = {
  summary: 'One step of gradient descent, in place: the outputs are the same tensors as parameter and velocity.',
  // PyTorch's form: velocity starts at 0 and is not scaled by 1 − momentum.
  formula: 'g = gradient + weightDecay·p; v ← momentum·v + g; p ← p − learningRate·v (nesterov: p ← p − learningRate·(g + momentum·v))',
  infer(inputs, { momentum, nesterov }) {
    const [parameter, gradient, learningRate, velocity] = operands(inputs, ['parameter', 'gradient', 'learningRate'], ['velocity'])
    requireReal(parameter, 'parameter')
    requireRealShape(gradient, 'gradient', parameter.shape, 'Use the gradient of the same parameters.')
    requireRealShape(learningRate, 'learningRate', [1], 'The learning rate is one number.')
    if (velocity) requireRealShape(velocity, 'velocity', parameter.shape, 'Use the velocity of the same parameters.')
    if (momentum > 0 !== (velocity !== undefined)) {
      throw invalidAttribute(
        `momentum ${momentum} ${velocity ? 'with' : 'without'} a velocity`,
        'Give a velocity exactly when momentum > 0.',
      )
    }
    if (nesterov && momentum === 0) throw invalidAttribute(`nesterov with momentum ${momentum}`, 'Set momentum, for example 0.9.')
    return velocity ? [parameter, velocity] : [parameter]
  },
  derivative: null,
  updates: [0, 3],
  cost: (inputs, outputs, { momentum }) => ({
    flops: (momentum > 0 ? 4 : 2) * elementCount(inputs[0]?.shape ?? []),
    bytes: operandBytes(inputs, outputs),
  }),
  inPlace: [
    [0, 0],
    [1, 3],
  ],
  samples: [
    { name: 'plain', inputs: [real(7), real(7), real(1)], attributes: plain },
    { name: 'weight decay', inputs: [real(17), real(17), real(1)], attributes: { ...plain, weightDecay: 0.1 } },
    { name: 'momentum', inputs: [real(17), real(17), real(1), real(17)], attributes: { ...plain, momentum: 0.9 } },
    {
      name: 'nesterov, weight decay',
      inputs: [real(5), real(5), real(1), real(5)],
      attributes: { momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    },
  ],
  errors: [
    { inputs: [real(7), real(7)], attributes: plain, code: 'wrong_arity' },
    { inputs: [real(7), real(6), real(1)], attributes: plain, code: 'shape_mismatch' },
    { inputs: [real(7), real(7), real(1)], attributes: { ...plain, momentum: 0.9 }, code: 'invalid_attribute' },
    { inputs: [real(7), real(7), real(1)], attributes: { ...plain, nesterov: true }, code: 'invalid_attribute' },
  ],
}
