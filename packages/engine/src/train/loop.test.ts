import { describe, expect, it } from 'vitest'
import { type TrainingConfig, type TrainingConfigInput, trainingConfigSchema } from '../spec/training-config.ts'
import { INITIAL_LOOP_STATE, type LoopEvent, type LoopPoint, type LoopState, TrainingLoop } from './loop.ts'
import { planSchedule } from './schedule.ts'

const ROWS = 10
const EVALUATION_ROWS = 6

const configure = (training: Partial<TrainingConfigInput>): TrainingConfig =>
  trainingConfigSchema.parse({
    batch_size: 4,
    loss: { type: 'softmax_cross_entropy' },
    optimizer: { type: 'sgd', learning_rate: 0.1 },
    ...training,
  })

/** A model whose "weight" is all it was shown, so that a lost, repeated or reordered batch changes every later loss. */
function harness(
  training: Partial<TrainingConfigInput>,
  start: LoopState = INITIAL_LOOP_STATE,
  weight = 0,
  lossAt?: (step: number) => number,
) {
  const config = configure(training)
  const schedule = planSchedule(config, ROWS)
  const source = (rows: number, from: number) => {
    let step = from
    const perPass = Math.ceil(rows / config.batch_size)
    return {
      next() {
        const position = step++ % perPass
        const count = Math.min(config.batch_size, rows - position * config.batch_size)
        return { samples: new Float32Array([position + 1]), targets: new Int32Array(count), count }
      },
    }
  }
  const scalars = new Float64Array(3)
  const model = { weight }
  let time = 0
  const loop = new TrainingLoop({
    session: {
      scalars,
      predictions: new Float32Array(0),
      trainStep(batch, _rate, step) {
        model.weight = model.weight * 0.9 + (batch.samples[0] ?? 0) / step
        scalars[0] = lossAt?.(step) ?? model.weight
        scalars[1] = batch.count / 2
        scalars[2] = batch.count
      },
      evaluateBatch(batch) {
        scalars[0] = model.weight * 2
        scalars[1] = batch.count
        scalars[2] = batch.count
      },
    },
    training: config,
    schedule,
    batches: source(ROWS, start.step),
    target: { kind: 'class' },
    evaluation: { rows: EVALUATION_ROWS, target: { kind: 'class' }, steps: 2, batch: (step) => source(EVALUATION_ROWS, step).next() },
    start,
    now: () => (time += 1),
  })
  return { loop, model, schedule }
}

function drive(loop: TrainingLoop, onEvent: (event: LoopEvent) => boolean = () => true): LoopPoint[] {
  const points: LoopPoint[] = []
  for (const event of loop.run()) {
    if (event.type === 'points') points.push(...event.points)
    if (!onEvent(event)) break
  }
  return points
}

describe('the training loop', () => {
  const training = { epochs: 4, log_every_steps: 2, checkpoint: { every_steps: 5 }, evaluate: { every_epochs: 2 } } as const

  it('logs means over the interval, evaluates and saves when due, and always at the end', () => {
    const { loop } = harness({ ...training, epochs: 3 })
    const checkpoints: string[] = []
    const points = drive(loop, (event) => {
      if (event.type === 'checkpoint') checkpoints.push(`${event.kind} ${loop.state.step}`)
      return true
    })
    const steps = (name: string) => points.filter((p) => p.name === name).map((p) => p.step)
    expect(steps('train/loss')).toEqual([2, 4, 6, 8, 9])
    expect(steps('train/accuracy')).toEqual([2, 4, 6, 8, 9])
    expect(steps('eval/loss')).toEqual([6, 9])
    expect(points.find((p) => p.name === 'train/accuracy')?.value).toBe(0.5)
    expect(points.find((p) => p.name === 'eval/accuracy')?.value).toBe(1)
    expect(checkpoints).toEqual(['periodic 5', 'final 9'])
    expect(loop.epoch).toBe(3)
  })

  it('goes on from every event as if it had never stopped', () => {
    const undisturbed = harness(training)
    const expected = drive(undisturbed.loop)
    let events = 0
    drive(harness(training).loop, () => ++events > 0)
    expect(events).toBeGreaterThan(10)
    for (let stopAt = 1; stopAt <= events; stopAt++) {
      const first = harness(training)
      let seen = 0
      const before = drive(first.loop, () => ++seen < stopAt)
      const saved = JSON.parse(JSON.stringify(first.loop.state)) as LoopState
      const second = harness(training, saved, first.model.weight)
      expect([...before, ...drive(second.loop)]).toEqual(expected)
      expect(second.model.weight).toBe(undisturbed.model.weight)
      expect(second.loop.state).toEqual(undisturbed.loop.state)
    }
  })

  it('ends when stop_when is reached, with an evaluation of the last step', () => {
    const lossAt = (step: number) => 1 / step
    const { loop } = harness({ epochs: 100, log_every_steps: 1, stop_when: { metric: 'train/loss', value: 0.26 } }, undefined, 0, lossAt)
    const points = drive(loop)
    expect(loop.state.step).toBe(4)
    expect(points.at(-1)).toMatchObject({ name: 'eval/accuracy', step: 4 })
  })

  it('fails as diverged with the point that shows it', () => {
    const { loop } = harness({ epochs: 100 }, undefined, 0, (step) => (step === 3 ? Number.NaN : 1))
    let last: LoopEvent | undefined
    const keep = (event: LoopEvent) => {
      last = event
      return true
    }
    expect(() => drive(loop, keep)).toThrow(/step 3: train\/loss is NaN/)
    expect(last).toMatchObject({ type: 'points', points: [{ name: 'train/loss', step: 3, value: Number.NaN }, {}] })
  })

  it('takes max_steps and sample_limit into the schedule', () => {
    const config = configure({ epochs: 10, sample_limit: 6, max_steps: 7 })
    expect(planSchedule(config, ROWS)).toEqual({ rows: 6, stepsPerEpoch: 2, totalSteps: 7, logEverySteps: 1 })
  })
})
