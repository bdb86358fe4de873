// Every optimizer over ten steps against PyTorch (golden/optimizers.py made the truth), on both backends.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createReferenceBackend, openOnednn } from '../backends/index.ts'
import { buildModel } from '../plan/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import { modelSpecSchema } from '../spec/model-spec.ts'
import { trainingConfigSchema } from '../spec/training-config.ts'
import { createSession, type Session } from '../train/index.ts'
import { OPTIMIZERS } from './index.ts'

type Parameters = Readonly<Record<string, readonly number[]>>

interface Golden {
  readonly initial: Parameters
  readonly samples: readonly number[]
  readonly targets: readonly number[]
  readonly cases: readonly {
    readonly name: string
    readonly training: unknown
    readonly losses: readonly number[]
    readonly final: Parameters
  }[]
}

const GOLDEN: Golden = JSON.parse(readFileSync(new URL('../../golden/optimizers.golden.json', import.meta.url), 'utf8'))
const ROWS = 5
/** Ten steps in float32 against float64. */
const TOLERANCE = 1e-5

const spec = modelSpecSchema.parse({ version: 1, preset: { name: 'mlp', options: { sizes: [3, 4, 2], activation: 'tanh' } } })
const batch = { samples: Float32Array.from(GOLDEN.samples), targets: Float32Array.from(GOLDEN.targets), count: ROWS }
const opened = openOnednn()
const backends = [createReferenceBackend(), ...(opened.available ? [opened.backend] : [])]

function open(training: unknown, backend = createReferenceBackend()): { session: Session; rate: number } {
  const config = trainingConfigSchema.parse(training)
  const session = createSession({ model: buildModel(buildGraph(spec, { batchSize: ROWS }), config), backend, threads: 1 })
  session.initialize(0)
  const state = session.exportState()
  for (const [name, values] of Object.entries(GOLDEN.initial)) state.get(`model.${name}`)?.data.set(values)
  session.importState(state, { strict: true })
  return { session, rate: config.optimizer.learning_rate }
}

describe.each(backends)('an optimizer on $name', (backend) => {
  it.each(GOLDEN.cases)('goes the way of PyTorch: $name', ({ training, losses, final }) => {
    const { session, rate } = open(training, backend)
    losses.forEach((expected, step) => {
      session.trainStep(batch, rate, step + 1)
      expect(Math.abs((session.scalars[0] ?? Number.NaN) - expected), `loss before step ${step + 1}`).toBeLessThan(TOLERANCE)
    })
    const state = session.exportState()
    for (const [name, values] of Object.entries(final)) {
      values.forEach((value, i) => {
        expect(Math.abs((state.get(`model.${name}`)?.data[i] ?? Number.NaN) - value), `${name}[${i}]`).toBeLessThan(TOLERANCE)
      })
    }
    session.close()
  })

  it('goes on from exported state bit by bit', () => {
    for (const { training } of GOLDEN.cases) {
      const [first, second] = [open(training, backend), open(training, backend)]
      for (let step = 1; step <= 3; step++) first.session.trainStep(batch, first.rate, step)
      second.session.importState(first.session.exportState(), { strict: true })
      for (let step = 4; step <= 6; step++) for (const { session, rate } of [first, second]) session.trainStep(batch, rate, step)
      expect(second.session.exportState()).toEqual(first.session.exportState())
      for (const { session } of [first, second]) session.close()
    }
  })

  it('measures the gradient: the whole is √Σ of its parts, before clipping', () => {
    const { session } = open(
      {
        loss: { type: 'squared_error' },
        optimizer: { type: 'sgd', learning_rate: 1, parameter_groups: [{ parameters: ['*.bias'], learning_rate_factor: 2 }] },
        gradient_clipping: { norm: 1000 },
        diagnostics: { gradient_norms: true },
      },
      backend,
    )
    const before = session.exportState()
    session.trainStep(batch, 1, 1)
    const after = session.exportState()
    const { total, parameters } = session.gradientNorms()
    // With plain SGD the step is the gradient times the rate.
    for (const { name, norm } of parameters) {
      const factor = name.endsWith('bias') ? 2 : 1
      const steps = [...(before.get(`model.${name}`)?.data ?? [])].map(
        (p, i) => (p - (after.get(`model.${name}`)?.data[i] ?? Number.NaN)) / factor,
      )
      expect(norm, name).toBeCloseTo(Math.hypot(...steps), 5)
    }
    expect(parameters.map(({ name }) => name)).toEqual(Object.keys(GOLDEN.initial))
    expect(total).toBeCloseTo(Math.hypot(...parameters.map(({ norm }) => norm)), 5)
    session.close()
  })
})

it('all optimizers have golden trajectories', () => {
  const types = GOLDEN.cases.map(({ training }) => trainingConfigSchema.parse(training).optimizer.type)
  expect([...new Set(types)].sort()).toEqual(Object.keys(OPTIMIZERS).sort())
})
