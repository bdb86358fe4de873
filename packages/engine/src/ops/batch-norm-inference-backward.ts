// Derivative of `batch_norm_inference`: the statistics are constants, so it is that of a scaling.

import type { NormalizationAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { channelErrors, channelSamples } from './normalization.samples.ts'
import { channelsOf, requireEach, requireEpsilon } from './normalization.ts'
import type { Op } from './op.ts'
import { operands, real, requireRealShape } from './operands.ts'

export const batchNormInferenceBackward: Op<NormalizationAttributes> = {
  summary: 'Derivative of batch_norm_inference by its input, scale and shift.',
  // forward: y = γ_c·(x − mean_c)/√(variance_c + epsilon) + β_c
  formula: 'r_c = 1/√(variance_c + epsilon); dBeta_c = Σ dy; dGamma_c = Σ dy·(x − mean_c)·r_c; dx = γ_c·r_c·dy',
  infer(inputs, attributes) {
    const [dy, x, gamma, mean, variance] = operands(inputs, ['dy', 'x', 'gamma', 'mean', 'variance'])
    const channel = real(channelsOf(x))
    requireRealShape(dy, 'dy', x.shape, 'Use the x of the same batch.')
    requireEach({ gamma, mean, variance }, channel.shape, 'Use the statistics of the forward op.')
    requireEpsilon(attributes)
    return [x, channel, channel]
  },
  derivative: null,
  cost: perElement(6, 1),
  inPlace: [[0, 0]],
  samples: channelSamples('x', 'x', 'scale', 'mean', 'variance'),
  errors: channelErrors('x', 'x', 'scale', 'mean', 'variance'),
}
