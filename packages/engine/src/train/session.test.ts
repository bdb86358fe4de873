import { describe, expect, it } from 'vitest'
import { createReferenceBackend } from '../backends/index.ts'
import { buildModel } from '../plan/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import { type ModelSpecInput, modelSpecSchema } from '../spec/model-spec.ts'
import { type TrainingConfigInput, trainingConfigSchema } from '../spec/training-config.ts'
import { type Batch, createSession, type Session } from './session.ts'

const CLASSIFIER: ModelSpecInput = {
  version: 1,
  input: { shape: [2] },
  layers: [{ type: 'dense', units: 8 }, { type: 'tanh' }, { type: 'dense', units: 2 }],
}

const XOR: Batch = { samples: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), targets: new Int32Array([0, 1, 1, 0]), count: 4 }

const SGD: TrainingConfigInput = { loss: { type: 'softmax_cross_entropy' }, optimizer: { type: 'sgd', learning_rate: 0.5, momentum: 0.9 } }
const ADAM: TrainingConfigInput = { ...SGD, optimizer: { type: 'adam', learning_rate: 0.01 } }

function open(training: TrainingConfigInput, { spec = CLASSIFIER, frozen = [] as readonly string[], batchSize = 4 } = {}): Session {
  const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize })
  const model = buildModel(graph, trainingConfigSchema.parse(training), { frozen })
  return createSession({ model, backend: createReferenceBackend(), threads: 1 })
}

describe('a session', () => {
  it.each([
    ['SGD with momentum', SGD, 0.5],
    ['Adam', ADAM, 0.05],
  ])('learns XOR to zero errors with a 2-8-2 network: %s', (_, training, learningRate) => {
    const session = open(training)
    session.initialize(1)
    for (let step = 1; step <= 300; step++) session.trainStep(XOR, learningRate, step)
    session.evaluateBatch(XOR)
    expect(session.scalars[1]).toBe(4)
    expect(session.scalars[0]).toBeLessThan(0.05)
    session.predict(XOR.samples, 4)
    for (const [row, label] of XOR.targets.entries()) expect(session.predictions()[row * 2 + label]).toBeGreaterThan(0.9)
  })

  it('starts at the loss of guessing when all weights are 0', () => {
    const session = open(SGD)
    session.evaluateBatch(XOR)
    expect(session.scalars[0]).toBeCloseTo(Math.LN2, 6)
  })

  it('normalizes by its real rows, whatever stands in the padding', () => {
    const spec: ModelSpecInput = { version: 1, input: { shape: [2] }, layers: [{ type: 'batch_norm' }, { type: 'dense', units: 2 }] }
    const lossWith = (padding: number) => {
      const session = open(SGD, { spec })
      session.initialize(2)
      session.trainStep({ ...XOR, samples: Float32Array.of(0, 1, 2, 5, padding, padding, padding, padding), count: 2 }, 0.1, 1)
      return [...session.scalars, ...(session.exportState().get('model.bn1.running_var')?.data ?? [])]
    }
    expect(lossWith(Number.NaN)).toEqual(lossWith(3))
    expect(lossWith(3)).not.toContain(Number.NaN)
  })

  it('learns values with squared error, and predicts them', () => {
    const layers = [{ type: 'dense', units: 1 }] as const
    const session = open(
      { loss: { type: 'squared_error' }, optimizer: { type: 'sgd', learning_rate: 0.1 } },
      { spec: { version: 1, input: { shape: [2] }, layers: [...layers] } },
    )
    session.initialize(3)
    const line = { samples: XOR.samples, targets: new Float32Array([1, 4, 3, 6]), count: 4 } // 2a + 3b + 1
    for (let step = 1; step <= 800; step++) session.trainStep(line, 0.2, step)
    expect(session.scalars[0]).toBeLessThan(1e-6)
    expect(session.scalars[1]).toBeNaN()
    session.predict(XOR.samples, 4)
    expect(session.predictions()[3]).toBeCloseTo(6, 2)
  })

  it('ignores rows past the count', () => {
    const [short, long] = [open(SGD), open(SGD)]
    for (const session of [short, long]) session.initialize(5)
    const rest = { ...XOR, samples: XOR.samples.slice(), targets: new Int32Array([0, 1, 0, 0]), count: 2 }
    rest.samples.fill(99, 4)
    short.trainStep({ ...XOR, count: 2 }, 0.1, 1)
    long.trainStep(rest, 0.1, 1)
    expect(long.exportState()).toEqual(short.exportState())
    expect(long.scalars).toEqual(short.scalars)
  })

  it('goes on from exported state bit by bit', () => {
    for (const training of [SGD, ADAM]) {
      const [first, second] = [open(training), open(training)]
      first.initialize(7)
      for (let step = 1; step <= 5; step++) first.trainStep(XOR, 0.05, step)
      second.importState(first.exportState(), { strict: true })
      for (let step = 6; step <= 9; step++) for (const session of [first, second]) session.trainStep(XOR, 0.05, step)
      expect(second.exportState()).toEqual(first.exportState())
    }
  })

  it('names its state after PyTorch', () => {
    expect([...open(SGD).exportState().keys()]).toEqual([
      'model.fc1.weight',
      'model.fc1.bias',
      'model.fc2.weight',
      'model.fc2.bias',
      'optimizer.velocity.fc1.weight',
      'optimizer.velocity.fc1.bias',
      'optimizer.velocity.fc2.weight',
      'optimizer.velocity.fc2.bias',
    ])
  })

  it('leaves frozen parameters as they are, without gradients or slots', () => {
    const session = open(SGD, { frozen: ['fc1.weight', 'fc1.bias'] })
    session.initialize(2)
    const before = session.exportState()
    for (let step = 1; step <= 10; step++) session.trainStep(XOR, 0.5, step)
    const after = session.exportState()
    expect(after.get('model.fc1.weight')).toEqual(before.get('model.fc1.weight'))
    expect(after.get('model.fc1.bias')).toEqual(before.get('model.fc1.bias'))
    expect(after.get('model.fc2.weight')).not.toEqual(before.get('model.fc2.weight'))
    expect(after.has('optimizer.velocity.fc1.weight')).toBe(false)
    const { program } = session.model
    expect(program.phases.train.map(({ op }) => op).filter((op) => op.includes('backward'))).toEqual([
      'softmax_cross_entropy_backward',
      'dense_backward_weight',
    ])
    expect(program.tensors.filter(({ role }) => role === 'gradient').map(({ name }) => name)).toEqual([
      'fc2.weight.gradient',
      'fc2.bias.gradient',
      'segment gradients',
    ])
  })

  it('refuses state that does not fit, with every mismatch, and changes nothing', () => {
    const session = open(SGD)
    session.initialize(1)
    const before = session.exportState()
    const bad = new Map(before)
    bad.delete('model.fc1.bias')
    bad.set('model.fc1.weight', { shape: [2, 8], data: new Float32Array(16) })
    bad.set('model.fc9.weight', { shape: [1], data: new Float32Array(1) })
    expect(() => session.importState(bad, { strict: true })).toThrow(
      expect.objectContaining({
        code: 'incompatible_transfer',
        issues: ['shape_mismatch', 'missing_tensor', 'unknown_tensor'].map((code) => expect.objectContaining({ code })),
      }),
    )
    expect(session.exportState()).toEqual(before)
  })

  it('imports a part when not strict', () => {
    const session = open(SGD)
    session.initialize(1)
    session.importState(new Map([['model.fc2.bias', { shape: [2], data: new Float32Array([5, 6]) }]]), { strict: false })
    expect(session.exportState().get('model.fc2.bias')?.data).toEqual(new Float32Array([5, 6]))
  })

  it('predicts fewer rows than a batch', () => {
    const session = open(SGD)
    session.initialize(1)
    session.predict(XOR.samples, 4)
    const second = session.predictions().slice(2, 4)
    session.predict(XOR.samples.slice(2, 4), 1)
    expect(session.predictions().slice(0, 2)).toEqual(second)
  })

  it.each([0, 5, 1.5])('refuses a count of %s rows in a batch of 4', (count) => {
    const session = open(SGD)
    expect(() => session.evaluateBatch({ ...XOR, count })).toThrow(/expected 1 to 4/)
  })
})

describe('buildModel', () => {
  it('refuses to freeze what does not exist', () => {
    expect(() => open(SGD, { frozen: ['fc7.weight'] })).toThrow(/no parameter is named fc7.weight/)
  })

  it('trains nothing when all is frozen', () => {
    const session = open(SGD, { frozen: ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'] })
    session.initialize(1)
    const before = session.exportState()
    session.trainStep(XOR, 0.5, 1)
    expect(session.exportState()).toEqual(before)
  })

  it('updates all parameters with one op', () => {
    const { phases } = open(ADAM).model.program
    expect(phases.train.filter(({ op }) => op === 'adam_update')).toHaveLength(1)
  })
})
