// Derivative of `batch_norm`: the statistics depend on every value of the channel.

import type { NormalizationAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { channelErrors, channelSamples } from './normalization.samples.ts'
import { channelsOf, requireEach, requireEpsilon } from './normalization.ts'
import type { Op } from './op.ts'
import { operands, real, requireRealShape } from './operands.ts'

export const batchNormBackward: Op<NormalizationAttributes> = {
  summary: 'Derivative of batch_norm by its input, scale and shift.',
  // forward: μ_c, σ²_c = mean and biased variance of x over N and pixels; r_c = 1/√(σ²_c + epsilon); y = γ_c·(x − μ_c)·r_c + β_c
  formula: 'x̂ = (x − μ_c)·r_c; dBeta_c = Σ dy; dGamma_c = Σ dy·x̂; dx = γ_c·r_c·(dy − dBeta_c/m − x̂·dGamma_c/m) with m values per channel',
  infer(inputs, attributes) {
    const [dy, x, gamma, mean, inverseStd] = operands(inputs, ['dy', 'x', 'gamma', 'mean', 'inverseStd'])
    const channel = real(channelsOf(x))
    requireRealShape(dy, 'dy', x.shape, 'Use the x of the same batch.')
    requireEach({ gamma, mean, inverseStd }, channel.shape, 'Use the statistics of the same batch.')
    requireEpsilon(attributes)
    return [x, channel, channel]
  },
  derivative: null,
  cost: perElement(11, 1),
  inPlace: [[0, 0]],
  samples: channelSamples('x', 'x', 'scale', 'mean', 'inverseStd'),
  errors: channelErrors('x', 'x', 'scale', 'mean', 'inverseStd'),
}
