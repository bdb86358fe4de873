// Batch normalization with given statistics: in evaluation and prediction, and in training where the layer is frozen.

import type { NormalizationAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { channelErrors, channelSamples } from './normalization.samples.ts'
import { channelsOf, requireEach, requireEpsilon } from './normalization.ts'
import type { Op } from './op.ts'
import { operands } from './operands.ts'

export const batchNormInference: Op<NormalizationAttributes> = {
  summary: 'Each channel of [N, C, …] normalized with given statistics, which are constants, then scaled and shifted.',
  formula: 'y = γ_c·(x − mean_c)/√(variance_c + epsilon) + β_c',
  infer(inputs, attributes) {
    const [x, gamma, beta, mean, variance] = operands(inputs, ['x', 'gamma', 'beta', 'mean', 'variance'])
    requireEach({ gamma, beta, mean, variance }, [channelsOf(x)], 'Give one number per channel.')
    requireEpsilon(attributes)
    return [x]
  },
  derivative(builder, { inputs: [x = 0, gamma = 0, , mean = 0, variance = 0], attributes, dOutputs: [dy = null] }) {
    if (dy === null) return [null, null, null, null, null]
    return [...builder.emit('batch_norm_inference_backward', [dy, x, gamma, mean, variance], attributes), null, null]
  },
  cost: perElement(2),
  inPlace: [[0, 0]],
  samples: channelSamples('x', 'scale', 'shift', 'mean', 'variance'),
  errors: channelErrors('x', 'scale', 'shift', 'mean', 'variance'),
}
