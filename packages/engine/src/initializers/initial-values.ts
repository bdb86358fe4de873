// First values of parameters: a function of the seed and the parameter's name alone, so that adding a layer changes no other.

import { elementCount, type Shape } from '../core/tensor.ts'
import { fillNormal, fillUniform, hashName, type StreamKey } from '../random/index.ts'
import type { Initializer, InitializerObject } from './initializer.ts'
import { orthogonal } from './orthogonal.ts'

export interface InitializedParameter {
  readonly name: string
  readonly shape: Shape
  readonly initializer: Initializer
}

/** Second basis of the name's hash, so that two names share a stream with probability 2^-64 only. */
const OTHER_BASIS = 0x9dc5811c

type Fill = (into: Float32Array, key: StreamKey, initializer: Initializer, shape: Shape) => void
type Fills = {
  readonly [K in InitializerObject['type']]: (config: Extract<InitializerObject, { type: K }>) => Fill
}

const uniform =
  (bound: (initializer: Initializer) => number): Fill =>
  (into, key, initializer) =>
    fillUniform(key, into, -bound(initializer), bound(initializer))

const normal =
  (deviation: (initializer: Initializer) => number): Fill =>
  (into, key, initializer) =>
    fillNormal(key, into, 0, deviation(initializer))

/**
 * Sources: Xavier: Glorot and Bengio 2010, eq. 16. He: He et al. 2015, eq. 10 (gain √2 for ReLU is included). LeCun: LeCun et
 * al. 1998, eq. 16. Orthogonal: Saxe et al. 2014. torch_default: PyTorch's Linear and Conv2d, kaiming_uniform with a = √5 for the
 * weight, which is the bound 1/√fan_in, and the same bound for the bias.
 */
const FILLS: Fills = {
  zeros: () => () => {},
  constant:
    ({ value }) =>
    (into) =>
      into.fill(value),
  normal:
    ({ mean, std }) =>
    (into, key) =>
      fillNormal(key, into, mean, std),
  uniform:
    ({ low, high }) =>
    (into, key) =>
      fillUniform(key, into, low, high),
  xavier_uniform: ({ gain }) => uniform(({ fanIn, fanOut }) => gain * Math.sqrt(6 / (fanIn + fanOut))),
  xavier_normal: ({ gain }) => normal(({ fanIn, fanOut }) => gain * Math.sqrt(2 / (fanIn + fanOut))),
  he_uniform: ({ gain }) => uniform(({ fanIn }) => gain * Math.sqrt(6 / fanIn)),
  he_normal: ({ gain }) => normal(({ fanIn }) => gain * Math.sqrt(2 / fanIn)),
  lecun_uniform: ({ gain }) => uniform(({ fanIn }) => gain * Math.sqrt(3 / fanIn)),
  lecun_normal: ({ gain }) => normal(({ fanIn }) => gain * Math.sqrt(1 / fanIn)),
  orthogonal:
    ({ gain }) =>
    (into, key, _, shape) =>
      orthogonal(into, key, shape, gain),
  torch_default: () => uniform(({ fanIn }) => 1 / Math.sqrt(fanIn)),
  values:
    ({ values }) =>
    (into) =>
      into.set(values),
}

/**
 * @param seed 0 … 2^32 − 1
 * @returns row-major values; the same for the same name, shape, initializer and seed
 */
export function initialValues({ name, shape, initializer }: InitializedParameter, seed: number): Float32Array {
  const values = new Float32Array(elementCount(shape))
  const key = { seed, purpose: 'initialize', a: hashName(name), b: hashName(name, OTHER_BASIS) } as const
  fillOf(initializer.config)(values, key, initializer, shape)
  return values
}

function fillOf<K extends InitializerObject['type']>(config: Extract<InitializerObject, { type: K }>): Fill {
  const fills: { readonly [T in K]: (config: Extract<InitializerObject, { type: T }>) => Fill } = FILLS
  return fills[config.type as K](config)
}
