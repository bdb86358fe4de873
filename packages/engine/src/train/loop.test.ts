import { describe, expect, it } from 'vitest'
import { type TrainingConfig, type TrainingConfigInput, trainingConfigSchema } from '../spec/training-config.ts'
import { INITIAL_LOOP_STATE, type LoopEvent, type LoopPoint, type LoopState, TrainingLoop } from './loop.ts'
import { isStopReached, planSchedule } from './schedule.ts'
import type { Batch } from './session.ts'
import type { StateTensors } from './state.ts'

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
  { evaluationAt, best }: { evaluationAt?: (step: number) => number; best?: StateTensors | null } = {},
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
  // One output for two classes: class 0, which is that of all rows.
  const predictions = new Float32Array(EVALUATION_ROWS)
  let targets: Batch['targets'] = new Int32Array()
  let time = 0
  const loop = new TrainingLoop({
    session: {
      scalars,
      predictions: () => predictions,
      targets: () => targets,
      trainStep(batch, _rate, step) {
        model.weight = model.weight * 0.9 + (batch.samples[0] ?? 0) / step
        scalars[0] = lossAt?.(step) ?? model.weight
        scalars[1] = batch.count / 2
        scalars[2] = batch.count
      },
      gradientNorms: () => ({ total: null, parameters: [] }),
      exportState: () => new Map([['model.weight', { shape: [1], data: Float32Array.of(model.weight) }]]),
      importState(state) {
        model.weight = state.get('model.weight')?.data[0] ?? Number.NaN
      },
      evaluateBatch(batch) {
        targets = batch.targets
        scalars[0] = evaluationAt?.(loop.state.step) ?? model.weight * 2
        scalars[1] = batch.count
        scalars[2] = batch.count
      },
    },
    training: config,
    schedule,
    batches: source(ROWS, start.step),
    heads: [{ name: null, weight: 1, target: 'class', size: 2, metrics: ['accuracy'], topK: 5 }],
    evaluation: {
      rows: EVALUATION_ROWS,
      steps: 2,
      batch: (step) => source(EVALUATION_ROWS, step).next(),
    },
    start,
    best: best ?? null,
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
    expect(last).toMatchObject({ type: 'points', points: [{ name: 'train/loss', step: 3, value: Number.NaN }, {}, {}] })
  })

  it('records the rate of the schedule', () => {
    const schedule = { type: 'step', step_size: 2, gamma: 0.5, per: 'epoch', warmup: { steps: 2, start_factor: 0.5 } } as const
    const points = drive(harness({ epochs: 6, log_every_steps: 1, schedule }).loop).filter(({ name }) => name === 'train/learning_rate')
    // 3 steps an epoch; epochs are counted from the end of the warm-up.
    const expected = [0.05, 0.075, ...Array(6).fill(0.1), ...Array(6).fill(0.05), ...Array(4).fill(0.025)]
    expect(points.map(({ value }) => value)).toEqual(expected.map((rate) => expect.closeTo(rate, 12)))
  })

  it('reduces the rate on a plateau', () => {
    const schedule = { type: 'reduce_on_plateau', patience: 1, factor: 0.5, threshold: 0 } as const
    // Evaluations at steps 3, 6, …: 5, 4, then no better.
    const evaluationAt = (step: number) => (step === 3 ? 5 : 4)
    const { loop } = harness({ epochs: 7, log_every_steps: 3, schedule }, undefined, 0, undefined, { evaluationAt })
    const rates = drive(loop).flatMap(({ name, value }) => (name === 'train/learning_rate' ? [value] : []))
    expect(rates).toEqual([0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.025])
  })

  const stopping = {
    epochs: 20,
    log_every_steps: 1,
    early_stopping: { patience: 2, min_delta: 0.1 },
    checkpoint: { every_steps: 1 },
  } as const
  /** Best at step 9; what comes after is no better by more than 0.1. */
  const evaluationAt = (step: number) => ({ 3: 5, 6: 4, 9: 3, 12: 2.95 })[step] ?? 3.5

  it('stops when the evaluation improves no more, and restores the best model', () => {
    const { loop, model } = harness(stopping, undefined, 0, undefined, { evaluationAt })
    let atBest = Number.NaN
    drive(loop, (event) => {
      if (event.type === 'points' && loop.state.step === 9) atBest = Math.fround(model.weight)
      return true
    })
    expect(loop.state.step).toBe(15)
    expect(loop.state.stopping).toMatchObject({ best: { step: 9, value: 3 }, waited: 2, restored: true })
    expect(loop.state.metrics['eval/loss']).toBe(3)
    expect(model.weight).toBe(atBest)
    expect(loop.endedBy).toBe('early_stopping')
    expect(loop.reports[0]?.report.classes.map(({ support }) => support)).toEqual([EVALUATION_ROWS, 0])
  })

  it('stops and restores in the same way after a resume from any event', () => {
    const undisturbed = harness(stopping, undefined, 0, undefined, { evaluationAt })
    let events = 0
    drive(undisturbed.loop, () => ++events > 0)
    for (let stopAt = 1; stopAt <= events; stopAt++) {
      const first = harness(stopping, undefined, 0, undefined, { evaluationAt })
      let seen = 0
      drive(first.loop, () => ++seen < stopAt)
      const saved = JSON.parse(JSON.stringify(first.loop.state)) as LoopState
      const second = harness(stopping, saved, first.model.weight, undefined, { evaluationAt, best: first.loop.best })
      drive(second.loop)
      expect(second.loop.state).toEqual(undisturbed.loop.state)
      expect(second.model.weight).toBe(undisturbed.model.weight)
    }
  })

  it('hands over after its first step, so that somebody hears of it, and then as time passes', () => {
    const breaths: number[] = []
    const { loop } = harness({ epochs: 4 })
    drive(loop, (event) => {
      if (event.type === 'breath' && event.phase === 'training') breaths.push(loop.state.step)
      return true
    })
    expect(breaths[0]).toBe(1)
    expect(breaths).not.toContain(2)
  })

  it('takes drop_last into the schedule', () => {
    expect(planSchedule(configure({ epochs: 3 }), ROWS)).toMatchObject({ stepsPerEpoch: 3, totalSteps: 9 })
    expect(planSchedule(configure({ epochs: 3, drop_last: true }), ROWS)).toMatchObject({ stepsPerEpoch: 2, totalSteps: 6 })
  })

  it('has reached a value that is equal to what was asked for', () => {
    const reached = (metric: string, value: number) =>
      isStopReached(configure({ stop_when: { metric, value: 0.5 } }), { 'eval/loss': value, 'eval/accuracy': value })
    expect([0.4, 0.5, 0.6].map((value) => reached('eval/loss', value))).toEqual([true, true, false])
    expect([0.4, 0.5, 0.6].map((value) => reached('eval/accuracy', value))).toEqual([false, true, true])
    expect(reached('eval/f1_macro', 1)).toBe(false)
  })

  it('takes max_steps and sample_limit into the schedule', () => {
    const config = configure({ epochs: 10, sample_limit: 6, max_steps: 7 })
    expect(planSchedule(config, ROWS)).toEqual({ rows: 6, stepsPerEpoch: 2, totalSteps: 7, logEverySteps: 1 })
  })
})
