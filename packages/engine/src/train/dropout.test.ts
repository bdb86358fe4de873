// Dropout: what is kept, how often and how it is scaled; that only seed and step decide; that a resume on either backend is exact.

import { describe, expect, it } from 'vitest'
import { type Backend, createReferenceBackend, openOnednn } from '../backends/index.ts'
import { buildModel } from '../plan/index.ts'
import { fillUniform, fillWords, hashName } from '../random/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import { type ModelSpecInput, modelSpecSchema } from '../spec/model-spec.ts'
import { trainingConfigSchema } from '../spec/training-config.ts'
import { runOp } from '../testing/index.ts'
import { createSession, type Session } from './session.ts'

const onednn = openOnednn()
const BACKENDS: readonly Backend[] = onednn.available ? [createReferenceBackend(), onednn.backend] : [createReferenceBackend()]

const key = (seed: number, step: number) => ({ shape: [2], values: Int32Array.of(seed, step) })
const ones = (shape: readonly number[]) => ({ shape, values: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1) })
const count = (values: readonly number[], value: number) => values.filter((each) => each === value).length

describe.each(BACKENDS)('dropout on $name', (backend) => {
  const masked = (
    shape: readonly number[],
    rate: number,
    unit: 'element' | 'channel' = 'element',
    [seed = 0, step = 0, stream = 0]: readonly number[] = [1, 1, 1],
  ) => runOp(backend, 'dropout', [ones(shape), key(seed, step)], { rate, unit, stream })[0] ?? []

  it.each([0.5, 0.25, 0.1, 0.3, 0.9])('at rate %s zeroes that share and divides the rest by what is left', (rate) => {
    const n = 100_000
    const values = masked([100, n / 100], rate)
    const scale = Math.fround(Math.max(...values))
    expect(Math.abs(scale - 1 / (1 - rate))).toBeLessThan((1e-4 * 1) / (1 - rate))
    expect(count(values, 0) + count(values, scale)).toBe(n)
    // Five standard errors of a binomial share.
    expect(Math.abs(count(values, 0) / n - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / n))
    const mean = values.reduce((sum, value) => sum + value, 0) / n
    expect(Math.abs(mean - 1)).toBeLessThan(5 * scale * Math.sqrt((rate * (1 - rate)) / n))
  })

  it('keeps the expectation of every element over steps', () => {
    const steps = 4000
    const sums = new Float64Array(7)
    for (let step = 1; step <= steps; step++) {
      const values = masked([1, 7], 0.5, 'element', [3, step, 9])
      for (let i = 0; i < 7; i++) sums[i] = (sums[i] ?? 0) + (values[i] ?? Number.NaN)
    }
    // A kept element is 2: variance 1.
    for (const sum of sums) expect(Math.abs(sum / steps - 1)).toBeLessThan(5 / Math.sqrt(steps))
  })

  it('takes the mask from the stream of (seed, dropout, stream, step): bit i of its words at rate 1/2', () => {
    const words = new Uint32Array(4)
    fillWords({ seed: 5, purpose: 'dropout', a: 77, b: 12 }, words)
    const bits = [...words].flatMap((word) => Array.from({ length: 32 }, (_, i) => 2 * ((word >>> i) & 1)))
    expect(masked([4, 25], 0.5, 'element', [5, 12, 77])).toEqual(bits.slice(0, 100))
  })

  it('draws anew for another seed, step and layer, and the same for the same', () => {
    const base = masked([8, 16], 0.5, 'element', [1, 2, 3])
    expect(masked([8, 16], 0.5, 'element', [1, 2, 3])).toEqual(base)
    for (const other of [
      [9, 2, 3],
      [1, 9, 3],
      [1, 2, 9],
    ])
      expect(masked([8, 16], 0.5, 'element', other)).not.toEqual(base)
  })

  it('zeroes whole channels', () => {
    const values = masked([20, 10, 3, 3], 0.5, 'channel')
    const channels = Array.from({ length: 200 }, (_, i) => values.slice(9 * i, 9 * i + 9))
    for (const channel of channels) expect(new Set(channel).size).toBe(1)
    expect(
      count(
        channels.map(([first = Number.NaN]) => first),
        0,
      ),
    ).toBeGreaterThan(60)
    expect(
      count(
        channels.map(([first = Number.NaN]) => first),
        0,
      ),
    ).toBeLessThan(140)
  })
})

const NETWORK: ModelSpecInput = {
  version: 1,
  input: { shape: [2, 8, 8] },
  layers: [
    { type: 'conv2d', filters: 6, kernel: 3, bias: false },
    { type: 'batch_norm' },
    { type: 'relu' },
    { type: 'spatial_dropout', rate: 0.2 },
    { type: 'flatten' },
    { type: 'dense', units: 16 },
    { type: 'relu' },
    { type: 'dropout' },
    { type: 'dense', units: 3 },
  ],
}
const BATCH = 8
const STEPS = 6

function open(backend: Backend, seed: number): Session {
  const graph = buildGraph(modelSpecSchema.parse(NETWORK), { batchSize: BATCH })
  const training = trainingConfigSchema.parse({ optimizer: { type: 'adam' } })
  return createSession({ model: buildModel(graph, training), backend, threads: 2, seed })
}

function batch(step: number) {
  const samples = new Float32Array(BATCH * 2 * 8 * 8)
  fillUniform({ seed: 3, purpose: 'test', a: step }, samples, -1, 1)
  return { samples, targets: Int32Array.from({ length: BATCH }, (_, i) => (i + step) % 3), count: step === STEPS ? 3 : BATCH }
}

function train(session: Session, from: number, to: number): void {
  for (let step = from; step <= to; step++) session.trainStep(batch(step), 0.01, step)
}

describe.each(BACKENDS)('a network with dropout and batch norm on $name', (backend) => {
  it('resumes with the bits of the undisturbed run, evaluations between steps or not', () => {
    const undisturbed = open(backend, 11)
    undisturbed.initialize(11)
    train(undisturbed, 1, STEPS)
    const first = open(backend, 11)
    first.initialize(11)
    train(first, 1, STEPS / 2)
    first.evaluateBatch(batch(99))
    const second = open(backend, 11)
    second.importState(first.exportState(), { strict: true })
    train(second, STEPS / 2 + 1, STEPS)
    expect(second.exportState()).toEqual(undisturbed.exportState())
    for (const session of [undisturbed, first, second]) session.close()
  })

  it('draws by the seed of the session', () => {
    const [one, other] = [open(backend, 1), open(backend, 2)]
    for (const session of [one, other]) {
      session.initialize(1)
      train(session, 1, 1)
    }
    expect(one.exportState()).not.toEqual(other.exportState())
  })

  it('predicts and evaluates without dropout and leaves the running statistics alone', () => {
    const session = open(backend, 1)
    session.initialize(1)
    train(session, 1, 2)
    const before = session.exportState()
    session.predict(batch(1).samples, BATCH)
    const first = session.predictions().slice()
    session.predict(batch(1).samples, BATCH)
    expect(session.predictions()).toEqual(first)
    session.evaluateBatch(batch(1))
    const [loss] = session.scalars
    session.evaluateBatch(batch(1))
    expect(session.scalars[0]).toBe(loss)
    expect(session.exportState()).toEqual(before)
  })

  it('does not look at what stands in the padding of a batch', () => {
    const [one, other] = [open(backend, 1), open(backend, 1)]
    const short = { ...batch(1), count: 3 }
    const dirty = { ...short, samples: short.samples.map((value, i) => (i < 3 * 128 ? value : Number.NaN)) }
    one.initialize(1)
    other.initialize(1)
    one.trainStep(short, 0.01, 1)
    other.trainStep(dirty, 0.01, 1)
    expect(other.exportState()).toEqual(one.exportState())
  })
})

describe('spatial dropout', () => {
  it('lets whole channels of a sample through or none of them', () => {
    const [channels, pixels] = [16, 20]
    const spec: ModelSpecInput = {
      version: 1,
      input: { shape: [channels, 4, 5] },
      layers: [{ type: 'spatial_dropout', rate: 0.5 }, { type: 'flatten' }, { type: 'dense', units: 1, bias: false }],
    }
    const training = trainingConfigSchema.parse({ loss: { type: 'squared_error' }, optimizer: { type: 'sgd', learning_rate: 1 } })
    const model = buildModel(buildGraph(modelSpecSchema.parse(spec), { batchSize: 1 }), training)
    const session = createSession({ model, backend: createReferenceBackend(), threads: 1, seed: 1 })
    session.initialize(1)
    const weights = () => session.exportState().get('model.fc1.weight')?.data ?? new Float32Array()
    const before = weights().slice()
    // Of ones: a weight moves exactly where its pixel was let through.
    const samples = new Float32Array(channels * pixels).fill(1)
    session.trainStep({ samples, targets: Float32Array.of(100), count: 1 }, 1, 1)
    const moved = weights().map((value, i) => (value === before[i] ? 0 : 1))
    const share = Array.from(
      { length: channels },
      (_, c) => moved.subarray(c * pixels, (c + 1) * pixels).reduce((a, b) => a + b, 0) / pixels,
    )
    expect([...new Set(share)].sort()).toEqual([0, 1])
    session.close()
  })
})

describe('a layer’s stream', () => {
  it('is a hash of its name, so that two layers draw apart and adding one changes no other', () => {
    const nodes = buildModel(buildGraph(modelSpecSchema.parse(NETWORK), { batchSize: 1 }), trainingConfigSchema.parse({})).program.phases
      .train
    const streams = nodes.flatMap((node) => (node.op === 'dropout' ? [node.attributes.stream] : []))
    expect([...new Set(streams)].sort()).toEqual([hashName('dropout1'), hashName('dropout2')].sort())
  })
})
