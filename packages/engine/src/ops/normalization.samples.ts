// Shapes on which every normalization over channels is tried, and its operands for them.

import type { NormalizationAttributes } from './attributes.ts'
import { EPSILON } from './normalization.ts'
import type { OpErrorSample, OpSample, SampleInput } from './op.ts'
import { real } from './operands.ts'

const X: readonly { readonly name: string; readonly x: readonly number[] }[] = [
  { name: 'features', x: [7, 3] },
  { name: 'images', x: [3, 2, 4, 3] },
  { name: 'one channel', x: [2, 1, 3, 5] },
  { name: 'channels past a vector register', x: [3, 17, 2, 2] },
]

/** Scales away from 0, so that no gradient vanishes; variances are positive. */
const SCALE = { low: 0.5, high: 1.5 }
const VARIANCE = { low: 0.5, high: 2 }

export type Role = 'x' | 'scale' | 'shift' | 'mean' | 'variance' | 'inverseStd'

function operand(role: Role, x: readonly number[]): SampleInput {
  const channel = real(x[1] ?? 1)
  const inputs: { readonly [R in Role]: SampleInput } = {
    x: { ...real(...x), low: -2, high: 2 },
    scale: { ...channel, ...SCALE },
    shift: channel,
    mean: channel,
    variance: { ...channel, ...VARIANCE },
    inverseStd: { ...channel, ...SCALE },
  }
  return inputs[role]
}

/** Samples of an op over channels whose operands play these roles. */
export function channelSamples(...roles: readonly Role[]): readonly OpSample<NormalizationAttributes>[] {
  return X.map(({ name, x }) => ({ name, inputs: roles.map((role) => operand(role, x)), attributes: { epsilon: EPSILON } }))
}

/** Mistakes that every one of these ops must find: one operand short, no channels, a vector of another size, ε = 0. */
export function channelErrors(...roles: readonly Role[]): readonly OpErrorSample<NormalizationAttributes>[] {
  const inputs = roles.map((role) => operand(role, [4, 3]))
  const last = roles.length - 1
  return [
    { inputs: inputs.slice(1), attributes: { epsilon: EPSILON }, code: 'wrong_arity' },
    { inputs: inputs.map((input, i) => (roles[i] === 'x' ? real(4) : input)), attributes: { epsilon: EPSILON }, code: 'wrong_rank' },
    { inputs: inputs.map((input, i) => (i === last ? real(5) : input)), attributes: { epsilon: EPSILON }, code: 'shape_mismatch' },
    { inputs, attributes: { epsilon: 0 }, code: 'invalid_attribute' },
  ]
}
