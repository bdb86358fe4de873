// A loss that compares output and target number by number. The functions are in pointwise-loss-functions.ts.

import { elementCount, type TensorType } from '../core/tensor.ts'
import type { PointwiseLossAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op, OpSample } from './op.ts'
import { ShapeError } from './op.ts'
import { invalidAttribute, operands, real, requireReal, requireRealShape, show } from './operands.ts'
import { POINTWISE_LOSS_FUNCTIONS, POINTWISE_LOSS_NAMES } from './pointwise-loss-functions.ts'
import { rowCount } from './softmax-cross-entropy.ts'

/** Attributes of the family's samples. */
export const POINTWISE_LOSS_SAMPLES: readonly PointwiseLossAttributes[] = POINTWISE_LOSS_NAMES.map((name) => ({
  loss: name,
  parameter: POINTWISE_LOSS_FUNCTIONS[name].parameter?.sample ?? 0,
  reduction: 'mean',
}))

/** What forward and backward require of output, target and count. */
export function requirePointwiseOperands(
  output: TensorType,
  target: TensorType,
  count: TensorType,
  { loss: name, parameter }: PointwiseLossAttributes,
): void {
  requireReal(output, 'output')
  if (output.shape.length < 2) {
    throw new ShapeError(
      'wrong_rank',
      `output has shape ${show(output.shape)}, expected [N, …]`,
      'Give the output a dimension for the rows.',
    )
  }
  requireRealShape(target, 'target', output.shape, 'Give the model as many outputs as the target has values.')
  requireRealShape(count, 'count', [1], 'count is one number.')
  const known = POINTWISE_LOSS_FUNCTIONS[name].parameter
  if (known !== null && !(parameter > 0 && parameter < Number.POSITIVE_INFINITY)) {
    throw invalidAttribute(`${known.name} of ${name} is ${parameter}, expected a number above 0`, 'Use 1 where in doubt.')
  }
}

export const pointwiseLoss: Op<PointwiseLossAttributes> = {
  summary: 'A loss that compares output and target number by number, over the first `count` rows.',
  formula: 'loss = factor · Σ_{n<count, k} f(output[n,k], target[n,k]), factor 1/(count·K) for mean, ½/count for half_sum',
  infer(inputs, attributes) {
    const [output, target, count] = operands(inputs, ['output', 'target', 'count'])
    requirePointwiseOperands(output, target, count, attributes)
    return [real(1)]
  },
  derivative(builder, { inputs, attributes, dOutputs, wants }) {
    const [dLoss] = dOutputs
    if (dLoss === null || dLoss === undefined || !wants[0]) return [null, null, null]
    const [dOutput = null] = builder.emit('pointwise_loss_backward', [dLoss, ...inputs], attributes)
    return [dOutput, null, null]
  },
  cost: (inputs, outputs) => ({ flops: 3 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: POINTWISE_LOSS_SAMPLES.flatMap((attributes): OpSample<PointwiseLossAttributes>[] => {
    const { loss: name } = attributes
    const [low, high] = POINTWISE_LOSS_FUNCTIONS[name].targets
    const target = (...shape: readonly number[]) => ({ ...real(...shape), low, high })
    return [
      { name, inputs: [{ ...real(4, 3), low: -2, high: 2 }, target(4, 3), rowCount(4)], attributes },
      { name: `${name}, half_sum`, inputs: [real(4, 3), target(4, 3), rowCount(4)], attributes: { ...attributes, reduction: 'half_sum' } },
      { name: `${name}, padded batch`, inputs: [real(5, 2), target(5, 2), rowCount(2)], attributes },
      { name: `${name}, image`, inputs: [real(3, 2, 3, 2), target(3, 2, 3, 2), rowCount(2)], attributes },
    ]
  }),
  errors: [
    { inputs: [real(4, 3), real(4, 3)], attributes: { loss: 'squared_error', parameter: 0, reduction: 'mean' }, code: 'wrong_arity' },
    {
      inputs: [real(4, 3), real(4, 1), real(1)],
      attributes: { loss: 'squared_error', parameter: 0, reduction: 'mean' },
      code: 'shape_mismatch',
    },
    {
      inputs: [real(4, 3), { shape: [4, 3], type: 'index' }, real(1)],
      attributes: { loss: 'squared_error', parameter: 0, reduction: 'mean' },
      code: 'wrong_type',
    },
    {
      inputs: [real(4), real(4), real(1)],
      attributes: { loss: 'absolute_error', parameter: 0, reduction: 'mean' },
      code: 'wrong_rank',
    },
    {
      inputs: [real(4, 3), real(4, 3), real(1)],
      attributes: { loss: 'huber', parameter: 0, reduction: 'mean' },
      code: 'invalid_attribute',
    },
  ],
}
