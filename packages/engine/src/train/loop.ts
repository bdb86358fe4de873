// The training loop: steps, points of the curves, evaluations, checkpoints, in an order that a resume repeats exactly. A generator, so that
// whoever drives it decides what happens between steps (send, save, stop); it does no I/O and is given its clock.

import { TrainyardError } from '@trainyard/errors'
import type { TrainingConfig } from '../spec/training-config.ts'
import { type EvaluatingSession, type EvaluationData, evaluate, type TargetKind } from './evaluation.ts'
import { isCheckpointDue, isEvaluationDue, isLogDue, isStopReached, type Schedule } from './schedule.ts'
import type { Batch, Session } from './session.ts'
import { Throughput } from './throughput.ts'

/** Milliseconds of work after which the loop hands over, for messages to come and go. */
const BREATH_MS = 20

/** All that the loop remembers between two steps. Part of a checkpoint; every number survives JSON exactly. */
export interface LoopState {
  /** Steps done. */
  readonly step: number
  /** What has gathered since the last point of the training curve. */
  readonly interval: { readonly samples: number; readonly weight: number; readonly lossSum: number; readonly correct: number }
  /** Step of the last evaluation; 0 before the first. */
  readonly evaluatedStep: number
  /** Newest value of each series. */
  readonly metrics: Readonly<Record<string, number>>
}

export const INITIAL_LOOP_STATE: LoopState = {
  step: 0,
  interval: { samples: 0, weight: 0, lossSum: 0, correct: 0 },
  evaluatedStep: 0,
  metrics: {},
}

export interface LoopPoint {
  readonly name: string
  readonly step: number
  readonly value: number
}

export type LoopEvent =
  /** Nothing but time has passed. */
  | { readonly type: 'breath'; readonly phase: 'training' | 'evaluating' }
  | { readonly type: 'points'; readonly points: readonly LoopPoint[] }
  /** Save `state` and the session's parameters now. */
  | { readonly type: 'checkpoint'; readonly kind: 'periodic' | 'final' }

/** Batches without end, epoch after epoch. */
export interface BatchSource {
  /** Valid until the next call. */
  next(): Batch
}

export interface TrainingLoopOptions {
  readonly session: EvaluatingSession & Pick<Session, 'trainStep'>
  readonly training: TrainingConfig
  readonly schedule: Schedule
  /** Of the training split, from the row where `start` stands. */
  readonly batches: BatchSource
  readonly target: TargetKind
  /** Null where the dataset has nothing to evaluate on. */
  readonly evaluation: EvaluationData | null
  /** INITIAL_LOOP_STATE, or that of a checkpoint. */
  readonly start: LoopState
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number
}

/**
 * @example
 * const loop = new TrainingLoop(options)
 * for (const event of loop.run()) if (event.type === 'points') console.table(event.points)
 */
export class TrainingLoop {
  readonly #options: TrainingLoopOptions
  readonly #throughput = new Throughput()
  #step: number
  #samples: number
  #weight: number
  #lossSum: number
  #correct: number
  #evaluatedStep: number
  #metrics: Record<string, number>
  #breathedAt = 0

  constructor(options: TrainingLoopOptions) {
    const { step, interval, evaluatedStep, metrics } = options.start
    this.#options = options
    this.#step = step
    this.#samples = interval.samples
    this.#weight = interval.weight
    this.#lossSum = interval.lossSum
    this.#correct = interval.correct
    this.#evaluatedStep = evaluatedStep
    this.#metrics = { ...metrics }
  }

  get state(): LoopState {
    return {
      step: this.#step,
      interval: { samples: this.#samples, weight: this.#weight, lossSum: this.#lossSum, correct: this.#correct },
      evaluatedStep: this.#evaluatedStep,
      metrics: { ...this.#metrics },
    }
  }

  /** Epochs done, with the fraction of the current one. */
  get epoch(): number {
    return this.#step / this.#options.schedule.stepsPerEpoch
  }

  /** Of the training steps of this process, without evaluations and whatever the caller did between events. */
  get samplesPerSecond(): { readonly overall: number; readonly recent: number | null } {
    return this.#throughput
  }

  /**
   * Between any two events the state is that of a whole number of steps: a caller that stops listening may save it and lose nothing.
   * @throws TrainyardError `diverged` when a loss is not finite.
   */
  *run(): Generator<LoopEvent, void> {
    const { training, schedule, start, now } = this.#options
    let checkpointedStep = start.step
    let checkpointedAt = now()
    for (;;) {
      // Before the end is looked at: a resume that stands at the end of an epoch may still owe the evaluation.
      if (this.#step > this.#evaluatedStep && isEvaluationDue(schedule, training, this.#step)) yield* this.#evaluate()
      if (this.#step >= schedule.totalSteps || (this.#step > 0 && isStopReached(training, this.#metrics))) break
      const isLate = now() - checkpointedAt >= (training.checkpoint.every_seconds ?? Number.POSITIVE_INFINITY) * 1000
      if (this.#step > checkpointedStep && (isLate || isCheckpointDue(schedule, training, this.#step))) {
        yield { type: 'checkpoint', kind: 'periodic' }
        checkpointedStep = this.#step
        checkpointedAt = now()
      }
      const loss = this.#trainStep()
      const isDiverged = !Number.isFinite(loss)
      if (isDiverged || isLogDue(schedule, this.#step)) yield this.#closeInterval()
      if (isDiverged) throw this.#diverged('train/loss', loss)
      if (now() - this.#breathedAt >= BREATH_MS || this.#step === start.step + 1) yield* this.#breathe('training')
    }
    // A metric may end the run between two evaluations; the result is that of the last step.
    if (this.#step > this.#evaluatedStep) yield* this.#evaluate()
    yield { type: 'checkpoint', kind: 'final' }
  }

  #trainStep(): number {
    const { session, training, batches, now } = this.#options
    const before = now()
    const batch = batches.next()
    session.trainStep(batch, training.optimizer.learning_rate, this.#step + 1)
    this.#step++
    const [loss = Number.NaN, correct = 0, weight = 0] = session.scalars
    this.#samples += batch.count
    this.#weight += weight
    this.#lossSum += loss * weight
    if (this.#options.target.kind === 'class') this.#correct += correct
    this.#throughput.add(batch.count, now() - before)
    return loss
  }

  #closeInterval(): LoopEvent {
    const means: Record<string, number> = { loss: this.#lossSum / this.#weight }
    if (this.#options.target.kind === 'class') means.accuracy = this.#correct / this.#samples
    this.#samples = 0
    this.#weight = 0
    this.#lossSum = 0
    this.#correct = 0
    return this.#record('train', means)
  }

  *#breathe(phase: 'training' | 'evaluating'): Generator<LoopEvent, void> {
    yield { type: 'breath', phase }
    this.#breathedAt = this.#options.now()
  }

  *#evaluate(): Generator<LoopEvent, void> {
    const { evaluation, session, now } = this.#options
    if (evaluation === null) {
      this.#evaluatedStep = this.#step
      return
    }
    const passes = evaluate(session, evaluation)
    let pass = passes.next()
    for (; !pass.done; pass = passes.next()) {
      if (now() - this.#breathedAt >= BREATH_MS) yield* this.#breathe('evaluating')
    }
    this.#evaluatedStep = this.#step
    yield this.#record('eval', pass.value)
    const { loss = Number.NaN } = pass.value
    if (!Number.isFinite(loss)) throw this.#diverged('eval/loss', loss)
  }

  #record(prefix: string, values: Readonly<Record<string, number>>): LoopEvent {
    const points = Object.entries(values).map(([name, value]) => ({ name: `${prefix}/${name}`, step: this.#step, value }))
    for (const { name, value } of points) this.#metrics[name] = value
    return { type: 'points', points }
  }

  #diverged(metric: string, value: number): TrainyardError {
    const { learning_rate } = this.#options.training.optimizer
    return new TrainyardError('diverged', {
      detail: `step ${this.#step}: ${metric} is ${value} at learning rate ${learning_rate}. Expected a finite number.`,
      hint: `Lower the learning rate (try ${learning_rate / 10}), use a smaller weight initialization, or check the inputs for extreme values.`,
    })
  }
}
