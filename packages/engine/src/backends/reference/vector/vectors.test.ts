// The compiled ops against the plain loops: every op that has an emitter, over its samples and over sizes around those of a vector.

import { describe, expect, it } from 'vitest'
import type { OpAttributeTable, OpName, OpSample } from '../../../ops/index.ts'
import { opOf } from '../../../ops/index.ts'
import { buildModel } from '../../../plan/index.ts'
import { fillUniform } from '../../../random/index.ts'
import { buildGraph, modelSpecSchema, trainingConfigSchema } from '../../../spec/index.ts'
import { worstDifference } from '../../../testing/index.ts'
import { createSession, type Session } from '../../../train/index.ts'
import { createReferenceBackend } from '../index.ts'
import { EMITTERS } from './emitters.ts'

/** Relative to the largest value: sums in float32 where the plain loops add in float64. */
const TOLERANCE = 2e-6
const STEPS = 20

const plain = createReferenceBackend()
const vectors = createReferenceBackend({ vectors: true })

type Samples = { readonly [K in OpName]?: readonly OpSample<OpAttributeTable[K]>[] }

const real = (...shape: number[]) => ({ shape, type: 'real' }) as const

const MORE: Samples = {
  dense: [1, 2, 3, 4, 5, 8, 17, 33].flatMap((D) =>
    [1, 3, 4, 35].map((K) => ({ name: `6 rows of ${D} to ${K}`, inputs: [real(6, D), real(K, D), real(K)], attributes: {} })),
  ),
  activation: (['relu', 'leaky_relu', 'tanh', 'sigmoid'] as const).flatMap((name) =>
    [1, 4, 7].map((size) => ({
      name: `${name} of ${size}`,
      inputs: [{ ...real(3, size), low: -12, high: 12, apart: 0.01 }],
      attributes: { function: name, alpha: name === 'leaky_relu' ? 0.1 : 0 },
    })),
  ),
  softmax_cross_entropy: [1, 4, 5, 11].flatMap((N) =>
    [2, 3, 10].map((C) => ({
      name: `${N} rows of ${C} classes`,
      inputs: [
        { ...real(N, C), low: -20, high: 20 },
        { shape: [N], type: 'index', low: 0, high: C } as const,
        { ...real(1), low: Math.ceil(N / 2), high: Math.ceil(N / 2) },
      ],
      attributes: { labelSmoothing: 0, classWeights: null },
    })),
  ),
}

function sweep<K extends OpName>(op: K): void {
  const more: readonly OpSample<OpAttributeTable[K]>[] = MORE[op] ?? []
  for (const sample of [...opOf(op).samples, ...more])
    it(sample.name, () => expect(worstDifference(plain, vectors, op, sample)).toBeLessThanOrEqual(TOLERANCE))
}

describe('compiled ops agree with the plain loops', () => {
  describe.each(Object.keys(EMITTERS) as OpName[])('%s', (op) => sweep(op))
})

const networks = [
  { name: 'tanh, momentum', sizes: [2, 8, 2], activation: 'tanh', optimizer: { type: 'sgd', learning_rate: 0.1, momentum: 0.9 } },
  {
    name: 'relu, Nesterov',
    sizes: [4, 16, 3],
    activation: 'relu',
    optimizer: { type: 'sgd', learning_rate: 0.1, momentum: 0.9, nesterov: true },
  },
  { name: 'gelu by the plain kernel, Adam', sizes: [5, 7, 3], activation: 'gelu', optimizer: { type: 'adam', epsilon: 0.1 } },
] as const

describe('tiny networks', () => {
  it.each(networks)('train alike: $name', ({ sizes, activation, optimizer }) => {
    const graph = buildGraph(modelSpecSchema.parse({ version: 1, preset: { name: 'mlp', options: { sizes, activation } } }), {
      batchSize: 7,
    })
    const model = buildModel(graph, trainingConfigSchema.parse({ loss: { type: 'softmax_cross_entropy' }, optimizer }))
    const samples = new Float32Array(7 * sizes[0])
    fillUniform({ seed: 1, purpose: 'test' }, samples, -1, 1)
    const batch = { samples, targets: Int32Array.from({ length: 7 }, (_, i) => i % sizes[2]), count: 6 }
    const train = (session: Session): Session => {
      session.initialize(3)
      for (let step = 1; step <= STEPS; step++) session.trainStep(batch, 0.1, step)
      return session
    }
    const [expected, actual, again] = [plain, vectors, vectors].map((backend) => train(createSession({ model, backend, threads: 1 })))
    expect(again?.exportState()).toEqual(actual?.exportState())
    expect(actual?.scalars[0]).toBeCloseTo(expected?.scalars[0] ?? Number.NaN, 5)
    expect(actual?.scalars[1]).toBe(expected?.scalars[1])
    for (const [name, { data }] of expected?.exportState() ?? []) {
      const other = actual?.exportState().get(name)?.data ?? []
      expect([...other].map((value, i) => Math.abs(value - (data[i] ?? Number.NaN))).every((difference) => difference < 1e-5)).toBe(true)
    }
  })
})
