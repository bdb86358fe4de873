// A step of RMSprop over a segment of parameters.

import { elementCount } from '../core/tensor.ts'
import type { RmspropAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op, SampleInput } from './op.ts'
import { invalidAttribute, operands, real, requireReal, requireRealShape } from './operands.ts'

const usual: RmspropAttributes = { smoothing: 0.99, epsilon: 1e-8, momentum: 0, centered: false, weightDecay: 0 }

/** Parameter, gradient, rate and a mean of squares that is larger than the square of any mean in the samples. */
const operandsOf = (size: number): SampleInput[] => [real(size), real(size), real(1), { ...real(size), low: 0.5, high: 1 }]
const mean = (size: number): SampleInput => ({ ...real(size), low: -0.5, high: 0.5 })

export const rmspropUpdate: Op<RmspropAttributes> = {
  summary: 'One step of RMSprop, in place: the outputs are the same tensors as parameter, squares and the other slots.',
  // Hinton 2012, lecture 6e of Neural Networks for Machine Learning; centered: Graves 2013. PyTorch's form: epsilon outside of the root.
  formula:
    'g = gradient + weightDecay·p; s ← smoothing·s + (1−smoothing)·g²; centered: m ← smoothing·m + (1−smoothing)·g; d = g / (√(s − [centered]·m²) + epsilon); momentum > 0: v ← momentum·v + d, d = v; p ← p − learningRate·d',
  infer(inputs, { momentum, centered }) {
    const names = ['parameter', 'gradient', 'learningRate', 'squares'] as const
    const [parameter, gradient, learningRate, squares, ...slots] = operands(inputs, names, ['slot', 'slot'])
    requireReal(parameter, 'parameter')
    requireRealShape(gradient, 'gradient', parameter.shape, 'Use the gradient of the same parameters.')
    requireRealShape(learningRate, 'learningRate', [1], 'The learning rate is one number.')
    const given = [squares, ...slots.flatMap((slot) => slot ?? [])]
    for (const slot of given) requireRealShape(slot, 'slot', parameter.shape, 'Use the slots of the same parameters.')
    const expected = 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0)
    if (given.length !== expected) {
      throw invalidAttribute(
        `${given.length} slots, expected ${expected}`,
        'Give squares, then mean when centered, then velocity when momentum > 0.',
      )
    }
    return [parameter, ...given]
  },
  derivative: null,
  updates: [0, 3, 4, 5],
  cost: (inputs, outputs) => ({ flops: 9 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [
    [0, 0],
    [1, 3],
    [2, 4],
    [3, 5],
  ],
  samples: [
    { name: 'usual', inputs: operandsOf(17), attributes: usual },
    { name: 'weight decay', inputs: operandsOf(7), attributes: { ...usual, weightDecay: 0.1 } },
    { name: 'momentum', inputs: [...operandsOf(7), real(7)], attributes: { ...usual, momentum: 0.9 } },
    { name: 'centered', inputs: [...operandsOf(7), mean(7)], attributes: { ...usual, centered: true } },
    {
      name: 'all',
      inputs: [...operandsOf(17), mean(17), real(17)],
      attributes: { ...usual, momentum: 0.9, centered: true, weightDecay: 0.01 },
    },
  ],
  errors: [
    { inputs: operandsOf(7).slice(1), attributes: usual, code: 'wrong_arity' },
    { inputs: [real(7), real(6), real(1), real(7)], attributes: usual, code: 'shape_mismatch' },
    { inputs: operandsOf(7), attributes: { ...usual, momentum: 0.9 }, code: 'invalid_attribute' },
    { inputs: [...operandsOf(7), mean(7)], attributes: usual, code: 'invalid_attribute' },
  ],
}
