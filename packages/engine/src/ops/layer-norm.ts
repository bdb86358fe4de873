// Layer normalization: each row by its own statistics, the same in every phase. Source: Ba, Kiros and Hinton 2016.

import type { NormalizationAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import { EPSILON, requireEach, requireEpsilon, rowShape } from './normalization.ts'
import type { Op, OpSample } from './op.ts'
import { operands, real } from './operands.ts'

/** Rows on which the op and its derivative are tried. */
export const LAYER_NORM_ROWS: readonly { readonly name: string; readonly x: readonly number[] }[] = [
  { name: 'features', x: [3, 7] },
  { name: 'one row', x: [1, 4] },
  { name: 'images', x: [2, 3, 4, 2] },
  { name: 'past a vector register', x: [3, 33] },
]

export const layerNorm: Op<NormalizationAttributes> = {
  summary: 'Each row of [N, …] to mean 0 and variance 1 over all its values, then scaled and shifted value by value; with its statistics.',
  formula: 'μ_n, σ²_n = mean and biased variance of row n; r_n = 1/√(σ²_n + epsilon); y[n,i] = γ_i·(x[n,i] − μ_n)·r_n + β_i',
  infer(inputs, attributes) {
    const [x, gamma, beta] = operands(inputs, ['x', 'gamma', 'beta'])
    requireEach({ gamma, beta }, rowShape(x), 'Give one number per value of a row.')
    requireEpsilon(attributes)
    const statistics = real(x.shape[0] ?? 1)
    return [x, statistics, statistics]
  },
  derivative(builder, { inputs: [x = 0, gamma = 0], outputs: [, mean = 0, inverseStd = 0], attributes, dOutputs: [dy = null] }) {
    if (dy === null) return [null, null, null]
    return builder.emit('layer_norm_backward', [dy, x, gamma, mean, inverseStd], attributes)
  },
  statistics: [1, 2],
  cost: perElement(7),
  inPlace: [],
  samples: LAYER_NORM_ROWS.map(({ name, x }): OpSample<NormalizationAttributes> => {
    const row = real(...x.slice(1))
    return { name, inputs: [{ ...real(...x), low: -2, high: 2 }, { ...row, low: 0.5, high: 1.5 }, row], attributes: { epsilon: EPSILON } }
  }),
  errors: [
    { inputs: [real(3, 7), real(7)], attributes: { epsilon: EPSILON }, code: 'wrong_arity' },
    { inputs: [real(3), real(3), real(3)], attributes: { epsilon: EPSILON }, code: 'wrong_rank' },
    { inputs: [real(3, 7), real(7), real(3)], attributes: { epsilon: EPSILON }, code: 'shape_mismatch' },
    { inputs: [real(3, 7), real(7), real(7)], attributes: { epsilon: -1 }, code: 'invalid_attribute' },
  ],
}
