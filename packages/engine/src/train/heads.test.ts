// Several losses at once: the gradient of their sum in float64, what a session writes and reads for each head, and what an evaluation makes of it.

import { describe, expect, it } from 'vitest'
import { createReferenceBackend } from '../backends/index.ts'
import { buildModel } from '../plan/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import { trainedHeads } from '../spec/head-config.ts'
import { modelSpecSchema } from '../spec/model-spec.ts'
import { type TrainingConfigInput, trainingConfigSchema } from '../spec/training-config.ts'
import { evaluate } from './evaluation.ts'
import { targetReader, targetSources } from './head-targets.ts'
import { planHeads } from './plan-heads.ts'
import { type Batch, createSession } from './session.ts'

const dense = (id: string, units: number, input: string) => ({ type: 'dense', id, units, inputs: [input] }) as const
const ROWS = 4
/** Half of the difference of parameters, which travel in float32. */
const EPSILON = 1e-3

/** A shared layer, and from it a class, its coarse class and a reconstruction. */
const spec = modelSpecSchema.parse({
  version: 1,
  inputs: { x: { shape: [3] } },
  nodes: [
    dense('shared', 4, 'x'),
    { type: 'tanh', id: 'code', inputs: ['shared'] },
    dense('fine', 3, 'code'),
    dense('coarse', 2, 'code'),
    dense('decoded', 3, 'code'),
  ],
  outputs: ['fine', 'coarse', 'decoded'],
})
const HEADS = {
  decoded: { target: 'input', loss: { type: 'squared_error' }, weight: 0.5 },
  fine: { loss: { type: 'softmax_cross_entropy', class_weights: [1, 2, 4] }, metrics: ['accuracy', 'f1'] },
  coarse: { target: 'coarse', loss: { type: 'softmax_cross_entropy' }, weight: 3 },
} satisfies TrainingConfigInput['heads']
const configuration: TrainingConfigInput = { heads: HEADS, optimizer: { type: 'sgd', learning_rate: 1 } }
const training = trainingConfigSchema.parse(configuration)
const outputs = ['fine', 'coarse', 'decoded']
const sources = targetSources(trainedHeads(training, outputs), { coarseOf: [0, 1, 1], isLabelled: true })

const batch: Batch = {
  samples: Float32Array.from({ length: 3 * ROWS }, (_, i) => Math.sin(i + 1)),
  originals: Float32Array.from({ length: 3 * ROWS }, (_, i) => Math.cos(i)),
  targets: Int32Array.of(2, 0, 1, 1),
  count: ROWS - 1,
}

function open(change: TrainingConfigInput = configuration) {
  const model = buildModel(buildGraph(spec, { batchSize: ROWS }), trainingConfigSchema.parse(change))
  const session = createSession({ model, backend: createReferenceBackend({ real: 'float64' }), threads: 1, targets: sources })
  session.initialize(5)
  return session
}

describe('several heads', () => {
  it('have the gradient of the sum of their losses, each with its weight', () => {
    const session = open()
    const before = session.exportState()
    session.trainStep(batch, 1, 1)
    const after = session.exportState()
    const objective = () => {
      session.evaluateBatch(batch)
      const [fine = 0, , , coarse = 0, , , decoded = 0] = session.scalars
      return fine + 3 * coarse + 0.5 * decoded
    }
    let checked = 0
    for (const [name, { shape, data }] of before) {
      data.forEach((value, i) => {
        const lossAt = (x: number) => {
          const moved = data.slice()
          moved[i] = x
          session.importState(new Map([...before, [name, { shape, data: moved }]]), { strict: true })
          return [objective(), moved[i] ?? Number.NaN] as const
        }
        const [above, high] = lossAt(value + EPSILON)
        const [below, low] = lossAt(value - EPSILON)
        const gradient = value - (after.get(name)?.data[i] ?? Number.NaN)
        expect(Math.abs((above - below) / (high - low) - gradient), `${name} ${i}`).toBeLessThan(2e-6)
        checked++
      })
    }
    expect(checked).toBe(16 + 15 + 10 + 15)
    session.close()
  })

  it('do not depend on each other where nothing is shared', () => {
    const gradientOf = (heads: TrainingConfigInput['heads']) => {
      const session = open({ ...configuration, heads })
      session.trainStep(batch, 1, 1)
      return session.exportState().get('model.fine.weight')?.data
    }
    expect(gradientOf({ ...HEADS, coarse: { ...HEADS.coarse, weight: 1000 } })).toEqual(gradientOf(HEADS))
    expect(gradientOf({ ...HEADS, fine: { ...HEADS.fine, weight: 2 } })).not.toEqual(gradientOf(HEADS))
  })

  it('are compared with the label, its coarse class, and the sample before corruption', () => {
    const session = open()
    session.evaluateBatch(batch)
    expect([...session.targets(0)]).toEqual([2, 0, 1, 1])
    expect([...session.targets(1).subarray(0, batch.count)]).toEqual([1, 0, 1])
    expect(session.targets(2)).toBe(batch.originals)
    expect([0, 1, 2].map((head) => session.predictions(head).length)).toEqual([12, 8, 12])
    // What the loss of each was divided by: class weights 4 + 1 + 2, else rows.
    expect([session.scalars[2], session.scalars[5], session.scalars[8]]).toEqual([7, 3, 3])
    expect(() => session.predictions(3)).toThrow('there is no head 3')
    const { originals: _, ...labelled } = batch
    expect(() => session.evaluateBatch(labelled)).toThrow('the samples before corruption')
    session.close()
  })

  it('take columns of the values of a row', () => {
    const heads = trainedHeads(
      trainingConfigSchema.parse({ heads: { fine: { loss: { type: 'huber' }, target: { columns: ['c', 'a'] } } } }),
      ['fine'],
    )
    expect(targetSources(heads, { columns: ['a', 'b', 'c'], isLabelled: true })).toEqual([{ from: 'columns', size: 3, positions: [2, 0] }])
    const read = targetReader({ from: 'columns', size: 3, positions: [2, 0] }, 4)
    expect([...read({ samples: new Float32Array(), targets: Float32Array.of(1, 2, 3, 4, 5, 6), count: 2 })]).toEqual([3, 1, 6, 4])
    expect(() => targetSources(heads, { columns: ['a'], isLabelled: true })).toThrow('the dataset has the targets a')
  })

  it('reconstruct, where a dataset has nothing else', () => {
    const named = trainedHeads(trainingConfigSchema.parse({ heads: { fine: { loss: { type: 'huber' } } } }), ['fine'])
    expect(targetSources(named, { isLabelled: false })).toEqual([{ from: 'input' }])
    // Without heads the batches hold the inputs as their targets.
    expect(targetSources(trainedHeads(trainingConfigSchema.parse({}), ['fine']), { isLabelled: false })).toEqual([{ from: 'label' }])
  })

  it('are measured each by itself and together', () => {
    const session = open()
    const dataset = { input: { shape: [3] }, target: { kind: 'class', classes: ['a', 'b', 'c'] }, coarse: ['x', 'y'] } as const
    const plans = planHeads(training, dataset, outputs)
    expect(plans.map(({ name, target, size, metrics }) => [name, target, size, ...metrics])).toEqual([
      ['fine', 'class', 3, 'accuracy', 'f1'],
      ['coarse', 'class', 2, 'accuracy'],
      ['decoded', 'value', 3, 'mse', 'mae'],
    ])
    const passes = evaluate(session, plans, { rows: 2 * batch.count, steps: 2, batch: () => batch })
    let pass = passes.next()
    while (!pass.done) pass = passes.next()
    const { metrics, reports } = pass.value
    session.evaluateBatch(batch)
    const [fine = 0, , , coarse = 0, , , decoded = 0] = session.scalars
    expect(metrics).toMatchObject({ 'fine/loss': fine, 'coarse/loss': coarse, 'decoded/loss': decoded })
    expect(metrics.loss).toBeCloseTo(fine + 3 * coarse + 0.5 * decoded, 12)
    expect(metrics['decoded/mse']).toBeCloseTo(decoded, 6)
    expect(Object.keys(metrics)).toEqual([
      'loss',
      'fine/loss',
      'fine/accuracy',
      'fine/f1_macro',
      'coarse/loss',
      'coarse/accuracy',
      'decoded/loss',
      'decoded/mse',
      'decoded/mae',
    ])
    expect(reports.map(({ name, report }) => [name, report.classes.length])).toEqual([
      ['fine', 3],
      ['coarse', 2],
    ])
    session.close()
  })

  it('must be those of the model', () => {
    const { decoded: _, ...two } = HEADS
    expect(() => open({ ...configuration, heads: two })).toThrow('output "decoded" has no head')
    const { heads: _heads, ...none } = configuration
    expect(() => open(none)).toThrow('the model has 3 outputs and 1 losses')
  })
})
