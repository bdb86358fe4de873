// Requirement 17: the state machine against its model. The model is plain values (testing/run-model.ts); the database answers the same operations
// in the same order, drawn at random or taken from the simulation, and both must agree on every answer and on every column.

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProject, openTestDatabase, type TestDatabase } from '../test-database.ts'
import { type Op, type Outcome, RunModel, type RunSnapshot } from '../testing/run-model.ts'
import { RunReplica } from '../testing/run-replica.ts'
import { type Mutation, RunSimulation } from '../testing/run-simulation.ts'

/** `MODEL_RUNS=1000 SCHEDULES=1000000 SAMPLED=200 SEED=7 npm run simulate` looks longer, and elsewhere. */
const setting = (name: string, value: number) => Number(process.env[name] ?? value)
const MODEL_RUNS = setting('MODEL_RUNS', 60)
const SCHEDULES = setting('SCHEDULES', 100_000)
const SAMPLED = setting('SAMPLED', 12)
const SEED = setting('SEED', 1)

let db: TestDatabase
let projectId: string

beforeAll(async () => {
  db = await openTestDatabase(4)
  projectId = await createProject(db.database)
})
afterAll(() => db.close())

interface Model {
  readonly run: RunModel
  now: number
}
interface Step {
  readonly outcome: Outcome
  readonly snapshot: RunSnapshot
}

/** An operation whose fence is drawn relative to the newest: 0 is the holder's, 1 that of the one before. */
class Statement implements fc.AsyncCommand<Model, RunReplica> {
  readonly #opOf: (model: RunModel) => Op
  #op: Op | undefined

  constructor(opOf: (model: RunModel) => Op) {
    this.#opOf = opOf
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: RunReplica): Promise<void> {
    const op = this.#opOf(model.run)
    this.#op = op
    const expected: Step = { outcome: model.run.apply(op, model.now), snapshot: model.run.snapshot() }
    expect({ op, outcome: await real.apply(op), snapshot: await real.snapshot() }).toEqual({ op, ...expected })
  }

  toString(): string {
    return JSON.stringify(this.#op)
  }
}

class PassTime implements fc.AsyncCommand<Model, RunReplica> {
  readonly #minutes: number

  constructor(minutes: number) {
    this.#minutes = minutes
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: RunReplica): Promise<void> {
    model.now += this.#minutes
    await real.passTime(this.#minutes)
  }

  toString(): string {
    return `+${this.#minutes} min`
  }
}

const age = fc.constantFrom(0, 0, 0, 0, 1, 2)
const step = fc.integer({ min: 0, max: 20 })
const fenced = (make: (epoch: number, step: number) => Op) =>
  fc.tuple(age, step).map(([back, at]) => new Statement((model) => make(Math.max(0, model.epoch - back), at)))
const plain = (make: (model: RunModel) => Op) => fc.constant(null).map(() => new Statement(make))

const COMMANDS = [
  plain(() => ({ name: 'claim', ttl: 10 })),
  plain(() => ({ name: 'claim', ttl: 10 })),
  plain(() => ({ name: 'expire' })),
  plain(() => ({ name: 'announce' })),
  fc.integer({ min: 0, max: 1 }).map((back) => new Statement((model) => ({ name: 'redispatch', seq: model.seq - back }))),
  plain(() => ({ name: 'pause' })),
  plain(() => ({ name: 'resume' })),
  plain((model) => ({ name: model.epoch > 2 ? 'cancel' : 'resume' })),
  fenced((epoch, at) => ({ name: 'flush', epoch, ttl: 10, step: at })),
  fenced((epoch, at) => ({ name: 'checkpoint', epoch, step: at })),
  fenced((epoch) => ({ name: epoch > 1 ? 'complete' : 'preempt', epoch })),
  fenced((epoch) => ({ name: epoch > 3 ? 'fail' : 'crash', epoch })),
  fenced((epoch) => ({ name: 'crash', epoch })),
  fenced((epoch) => ({ name: 'preempt', epoch })),
  fenced((epoch) => ({ name: 'pause_now', epoch })),
  fenced((epoch) => ({ name: 'cancel_now', epoch })),
  fenced((epoch) => ({ name: 'postpone', epoch, delay: 5 })),
  fc.constantFrom(1, 6, 15).map((minutes) => new PassTime(minutes)),
  fc.constantFrom(1, 6, 15).map((minutes) => new PassTime(minutes)),
]

describe('requirement 17: model and database', () => {
  test(`agree on ${MODEL_RUNS} sequences of operations`, async () => {
    const sequences = fc.commands(COMMANDS, { maxCommands: 40, size: 'max' })
    const property = fc.asyncProperty(sequences, async (commands) => {
      const real = await RunReplica.create(db.database, projectId)
      try {
        await fc.asyncModelRun(() => ({ model: { run: new RunModel(), now: 0 }, real }), commands)
      } finally {
        await real.remove()
      }
    })
    await fc.assert(property, { numRuns: MODEL_RUNS, seed: SEED })
  })

  test(`agree on all statements of ${SAMPLED} simulated schedules`, async () => {
    for (let i = 0; i < SAMPLED; i++) {
      const seed = SEED + i * 7919
      const steps: { op: Op; now: number; outcome: Outcome; snapshot: RunSnapshot }[] = []
      new RunSimulation(seed, (op, now, outcome, model) => steps.push({ op, now, outcome, snapshot: model.snapshot() })).run()
      const real = await RunReplica.create(db.database, projectId)
      let now = 0
      for (const { op, now: then, outcome, snapshot } of steps) {
        await real.passTime(then - now)
        now = then
        expect({ seed, op, outcome: await real.apply(op), snapshot: await real.snapshot() }).toEqual({ seed, op, outcome, snapshot })
      }
      await real.remove()
    }
  })
})

describe('requirement 17: simulated schedules', () => {
  const violationsOf = (count: number, mutation: Mutation = {}) => {
    const found: string[] = []
    for (let seed = SEED; seed < SEED + count && found.length < 10; seed++) {
      for (const violation of new RunSimulation(seed, undefined, mutation).run().violations) found.push(`seed ${seed}: ${violation}`)
    }
    return found
  }

  test(`${SCHEDULES} of them lose, repeat and change nothing`, () => {
    expect(violationsOf(SCHEDULES)).toEqual([])
  })

  // What the oracle is worth: each rule of the protocol that is left out is noticed.
  test.each([
    [{ checkpointFirst: true }, 'is lost'],
    [{ noSelfFencing: true }, 'still trusts its lease'],
    [{ trustsLostReplies: true }, 'is lost'],
    [{ noFence: true }, 'wrote after attempt'],
  ] as const)('notice %j', (mutation, violation) => {
    expect(violationsOf(2000, mutation).join('\n')).toContain(violation)
  })
})
