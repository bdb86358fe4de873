// Derivative of `layer_norm`: the statistics depend on every value of the row.

import type { NormalizationAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { LAYER_NORM_ROWS } from './layer-norm.ts'
import { EPSILON, requireEach, requireEpsilon, rowShape } from './normalization.ts'
import type { Op, OpSample } from './op.ts'
import { operands, real, requireRealShape } from './operands.ts'

export const layerNormBackward: Op<NormalizationAttributes> = {
  summary: 'Derivative of layer_norm by its input, scale and shift.',
  // forward: μ_n, σ²_n = mean and biased variance of row n; r_n = 1/√(σ²_n + epsilon); y[n,i] = γ_i·(x[n,i] − μ_n)·r_n + β_i
  formula:
    'x̂ = (x − μ_n)·r_n; dBeta_i = Σ_n dy; dGamma_i = Σ_n dy·x̂; dx = r_n·(γ_i·dy − mean_i(γ·dy) − x̂·mean_i(γ·dy·x̂)), means over the row',
  infer(inputs, attributes) {
    const [dy, x, gamma, mean, inverseStd] = operands(inputs, ['dy', 'x', 'gamma', 'mean', 'inverseStd'])
    const row = real(...rowShape(x))
    requireRealShape(dy, 'dy', x.shape, 'Use the x of the same batch.')
    requireRealShape(gamma, 'gamma', row.shape, 'Use the scale of the forward op.')
    requireEach({ mean, inverseStd }, x.shape.slice(0, 1), 'Use the statistics of the same batch.')
    requireEpsilon(attributes)
    return [x, row, row]
  },
  derivative: null,
  cost: perElement(13, 1),
  inPlace: [[0, 0]],
  samples: LAYER_NORM_ROWS.map(({ name, x }): OpSample<NormalizationAttributes> => {
    const rows = real(x[0] ?? 1)
    const scale = { low: 0.5, high: 1.5 }
    const inputs = [real(...x), { ...real(...x), low: -2, high: 2 }, { ...real(...x.slice(1)), ...scale }, rows, { ...rows, ...scale }]
    return { name, inputs, attributes: { epsilon: EPSILON } }
  }),
  errors: [
    { inputs: [real(3, 7), real(3, 7), real(7), real(3)], attributes: { epsilon: EPSILON }, code: 'wrong_arity' },
    { inputs: [real(3), real(3), real(7), real(3), real(3)], attributes: { epsilon: EPSILON }, code: 'wrong_rank' },
    { inputs: [real(3, 7), real(3, 7), real(7), real(3), real(7)], attributes: { epsilon: EPSILON }, code: 'shape_mismatch' },
    { inputs: [real(3, 7), real(3, 7), real(7), real(3), real(3)], attributes: { epsilon: 0 }, code: 'invalid_attribute' },
  ],
}
