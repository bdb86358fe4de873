// Batch normalization as in training: with the statistics of the batch at hand. Source: Ioffe and Szegedy 2015.

import type { NormalizationAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { channelErrors, channelSamples } from './normalization.samples.ts'
import { channelsOf, requireEach, requireEpsilon } from './normalization.ts'
import type { Op } from './op.ts'
import { operands, real } from './operands.ts'

export const batchNorm: Op<NormalizationAttributes> = {
  summary: 'Each channel of [N, C, …] to mean 0 and variance 1 over the batch, then scaled and shifted; with its statistics.',
  formula: 'μ_c, σ²_c = mean and biased variance of x over N and pixels; r_c = 1/√(σ²_c + epsilon); y = γ_c·(x − μ_c)·r_c + β_c',
  infer(inputs, attributes) {
    const [x, gamma, beta] = operands(inputs, ['x', 'gamma', 'beta'])
    const statistics = real(channelsOf(x))
    requireEach({ gamma, beta }, statistics.shape, 'Give one number per channel.')
    requireEpsilon(attributes)
    return [x, statistics, statistics]
  },
  derivative(builder, { inputs: [x = 0, gamma = 0], outputs: [, mean = 0, inverseStd = 0], attributes, dOutputs: [dy = null] }) {
    if (dy === null) return [null, null, null]
    return builder.emit('batch_norm_backward', [dy, x, gamma, mean, inverseStd], attributes)
  },
  statistics: [1, 2],
  cost: perElement(7),
  inPlace: [],
  samples: channelSamples('x', 'scale', 'shift'),
  errors: channelErrors('x', 'scale', 'shift'),
}
